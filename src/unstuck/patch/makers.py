"""The calls by which a script makes what an edit is about."""

import libcst as cst

from unstuck.patch.roles import Training, argument, called
from unstuck.patch.sources import made
from unstuck.patch.tree import Tree, nodes

LAYERS = frozenset((
    "Linear", "Bilinear", "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d",
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "LayerNorm", "GroupNorm", "Embedding", "RNN",
    "LSTM", "GRU", "LazyLinear", "Dense", "Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose",
    "DepthwiseConv2D", "SeparableConv2D", "BatchNormalization", "LayerNormalization",
    "SimpleRNN", "MultiHeadAttention", "EinsumDense", "PReLU",
))  # fmt: skip
"""Layers that have parameters."""


def maker(tree: Tree, found: Training, of: str) -> cst.BaseExpression | cst.Arg | None:
    """What makes the optimizer, loss, loader, ...; None where it is not in sight.

    Args:
        of: as in `cures.printed.Argument`.
    """
    if of == "fit":
        return found.node if isinstance(found.node, cst.Call) and found.kind != "loop" else None
    if of.startswith("layer "):
        layers = _layers(tree, found)
        at = int(of.removeprefix("layer "))
        return layers[at] if at < len(layers) else None
    if of.startswith("call "):
        wanted = of.removeprefix("call ")
        calls = [c for c in nodes(tree.module) if isinstance(c, cst.Call) and called(c) == wanted]
        return calls[0] if len(calls) == 1 else None
    if of == "loader":
        x = found.roles.get("x")
        return _call(tree, x.expression, found, "DataLoader") if x and x.batch is not None else None
    if of == "estimator":
        return _estimator(tree, found)
    if of == "compile":
        return _compile(tree, found)
    if of in found.roles:
        e, _ = made(tree, found.roles[of].expression, found.node)
        return e if isinstance(e, cst.Call) else None
    compiled = _compile(tree, found)
    if compiled is not None:
        arg = argument(compiled, {"optimizer": 0, "loss": 1}.get(of, 99), of)
        if arg is None:
            return None
        e, _ = made(tree, arg.value, compiled)
        return e
    if of == "optimizer":
        return _configured(tree, found)
    return None


def function_of_loss(tree: Tree, found: Training) -> cst.BaseExpression | None:
    """The function that a loop calls as its loss, where it makes no loss object."""
    loss = found.roles.get("loss")
    if loss is None or not isinstance(loss.expression, cst.Attribute | cst.Name):
        return None
    e, _ = made(tree, loss.expression, found.node)
    return loss.expression if e is loss.expression or not isinstance(e, cst.Call) else None


def _call(tree: Tree, e: cst.BaseExpression, found: Training, name: str) -> cst.Call | None:
    e, _ = made(tree, e, found.node)
    return e if isinstance(e, cst.Call) and called(e) == name else None


def _compile(tree: Tree, found: Training) -> cst.Call | None:
    """The model's `compile`, where there is one."""
    calls = [c for c in nodes(tree.module) if isinstance(c, cst.Call) and called(c) == "compile"]
    model = found.roles.get("model")
    own = [
        c
        for c in calls
        if model
        and isinstance(c.func, cst.Attribute)
        and tree.code(c.func.value) == tree.code(model.expression)
    ]
    calls = own if own else calls
    return calls[0] if len(calls) == 1 else None


def _configured(tree: Tree, found: Training) -> cst.Call | None:
    """What a Lightning module's `configure_optimizers` returns."""
    functions = [
        n
        for n in nodes(tree.module)
        if isinstance(n, cst.FunctionDef) and n.name.value == "configure_optimizers"
    ]
    if len(functions) != 1 or found.kind != "lightning":
        return None
    returned = [n.value for n in nodes(functions[0].body, False) if isinstance(n, cst.Return)]
    if len(returned) != 1 or returned[0] is None:
        return None
    e, _ = made(tree, returned[0], functions[0].body.body[-1])
    return e if isinstance(e, cst.Call) else None


def _estimator(tree: Tree, found: Training) -> cst.Call | None:
    """The call that makes a network of scikit-learn or skorch, in a pipeline or by itself."""
    model = found.roles.get("model")
    if model is None:
        return None
    pending, node = [model.expression], found.node
    networks: list[cst.Call] = []
    while pending:
        e, _ = made(tree, pending.pop(), node)
        if not isinstance(e, cst.Call):
            continue
        if called(e).startswith(("MLP", "Neural")):
            networks.append(e)
        elif called(e) in ("make_pipeline", "Pipeline", "TransformedTargetRegressor"):
            for a in e.args:
                steps = a.value.elements if isinstance(a.value, cst.List) else [a]
                for step in steps:
                    pair = step.value
                    pending.append(pair.elements[-1].value if isinstance(pair, cst.Tuple) else pair)
    return networks[0] if len(networks) == 1 else None


def _layers(tree: Tree, found: Training) -> list[cst.Call]:
    """Calls that make layers with parameters, in the order of the text; [] if it may differ."""
    model = found.roles.get("model")
    if model is None:
        return []
    e, node = made(tree, model.expression, found.node)
    regions: list[cst.CSTNode] = [e]
    if isinstance(e, cst.Call) and called(e).startswith("Neural"):  # skorch: the module's class
        module = argument(e, 0, "module")
        e = cst.Call(module.value) if module is not None else e
    if isinstance(e, cst.Call) and isinstance(e.func, cst.Name):
        homes = [
            n
            for n in nodes(tree.module)
            if isinstance(n, cst.ClassDef | cst.FunctionDef) and n.name.value == e.func.value
        ]
        regions += homes
    own = [n for n in nodes(tree.module) if tree.function(n) is tree.function(node)]
    adds = f"{tree.code(model.expression)}.add"
    regions += [n for n in own if isinstance(n, cst.Call) and tree.code(n.func) == adds]
    if isinstance(e, cst.Call) and called(e) == "Model":
        line = tree.line(node)
        regions = [n for n in own if isinstance(n, cst.Assign) and tree.line(n) < line]
    inner = [n for region in regions for n in nodes(region)]
    known = _spelled(tree)
    calls = [n for n in inner if isinstance(n, cst.Call) and known.get(called(n)) in LAYERS]
    repeated = cst.For | cst.While | cst.CompFor | cst.BaseComp
    inside = {n for r in regions for n in nodes(r)}
    if any(isinstance(a, repeated) and a in inside for c in calls for a in tree.above(c)):
        return []
    return calls


def _spelled(tree: Tree) -> dict[str, str]:
    """Layers by the names that the script has for them."""
    aliases = (n for n in nodes(tree.module) if isinstance(n, cst.ImportAlias) and n.asname)
    own = {tree.code(n.asname.name): tree.code(n.name) for n in aliases if n.asname}
    return {name: name for name in LAYERS} | own
