"""Hand-written PyTorch loops: which module, which loss, which optimizer, which data."""

import re
from collections.abc import Mapping
from dataclasses import replace

import libcst as cst

from unstuck.patch.roles import Role, Training, called
from unstuck.patch.tree import NotPlaced, Tree, names, nodes, targets

# Methods that leave an example as it is, but for its type and place.
_SAME = ("to", "cuda", "cpu", "float", "double", "long", "type", "detach", "clone")
_RESULT = ("squeeze", "view", "reshape", "flatten", "unsqueeze", *_SAME)
OBJECTIVE = re.compile("loss|cost|err|obj", re.IGNORECASE)
Region = list[cst.CSTNode]  # in which something is looked for, the last first
_AROUND = ("enumerate", "tqdm", "trange", "track", "progress")


def loop(tree: Tree, line: int) -> Training:
    """The training step of the function (or script) that a line lies in.

    Raises:
        NotPlaced: the step cannot be read.
    """
    scope: cst.CSTNode = tree.module
    for node in nodes(tree.module):
        if isinstance(node, cst.FunctionDef) and tree.covers(node, line):
            scope = node
    step = _step(tree, scope, line) or _written_out(tree, scope, line)
    value = _backward(tree, scope, step)
    around = [n for n in tree.above(step) if isinstance(n, cst.For | cst.While)]
    loops = [n for n in around if scope in set(tree.above(n))]
    region = _nearest_last([*reversed(loops)] or [scope])
    roles = {"objective": Role(value)}
    if _is_step(step):
        roles["optimizer"] = _optimizer(step)
    missing: dict[str, str] = {}
    call = _source(region, value, (), set())
    if isinstance(call, cst.Call) and call.args:
        roles["loss"] = Role(call.func, call.func)
        made = _source(region, call.args[0].value, _RESULT, set())
        if isinstance(made, cst.Call) and made.args and isinstance(made.func, _NAMED):
            roles["model"] = Role(made.func, made.func)
            roles["x"] = Role(made.args[0].value)
        if len(call.args) > 1:
            roles["y"] = Role(call.args[1].value)
    if "model" not in roles and (of_error := _of_error(tree, region, value, roles)):
        roles.pop("loss", None)
        roles |= of_error
    named = "model" in roles and not _is_function(tree, roles["model"].expression)
    if not named and "optimizer" not in roles:
        roles.pop("model", None)
        missing["model"] = "it is a function of tensors"
    elif not named:
        roles.pop("x", None)
        roles["model"] = Role(_from_parameters(tree, roles))
        missing["x"] = "what the model is called with cannot be read"
    for role in ("x", "y"):
        if role in roles:
            whole = batch(region, roles[role].expression)
            if whole is None:
                roles.pop(role)
                missing[role] = "it is changed between the loader and the model"
            else:
                roles[role] = replace(whole, holder=roles[role].expression)
    return Training(step, "loop", roles, missing, step)


def _nearest_last(loops: list[cst.CSTNode]) -> Region:
    """What lies within loops, outermost first, the innermost's last: an evaluation that comes
    behind it in the same loop over epochs may call its batches by the same names."""
    found: list[cst.CSTNode] = []
    for i, outer in enumerate(loops):
        held = {n for inner in loops[i + 1 : i + 2] for n in nodes(inner, inner=False)}
        found += [n for n in nodes(outer, inner=False) if n not in held]
    return found


def _of_error(
    tree: Tree, region: Region, value: cst.BaseExpression, roles: Mapping[str, Role]
) -> dict[str, Role]:
    """Model, inputs and targets of a written-out loss, where it holds output less target."""
    written_out = "optimizer" not in roles
    try:
        model = "" if written_out else _text(_from_parameters(tree, roles))
    except NotPlaced:
        return {}
    for node in nodes(_source(region, value, (), set())):
        if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract):
            for output, target in ((node.left, node.right), (node.right, node.left)):
                made = _source(region, output, _RESULT, set())
                if not isinstance(made, cst.Call) or not made.args:
                    continue
                if _text(made.func) == model or (written_out and isinstance(made.func, _NAMED)):
                    x = made.args[0].value
                    return {"model": Role(made.func, made.func), "x": Role(x), "y": Role(target)}
    return {}


_NAMED = (cst.Name, cst.Attribute)


def _step(tree: Tree, scope: cst.CSTNode, line: int) -> cst.Call | None:
    """The optimizer's step; None where the script makes no optimizer."""
    if not any(called(c) == "step" for c in nodes(tree.module) if isinstance(c, cst.Call)):
        return None
    steps = [c for c in nodes(scope, inner=False) if isinstance(c, cst.Call) and _is_step(c)]
    zeroed = {
        tree.code(c.func.value)
        for c in nodes(tree.module)
        if isinstance(c, cst.Call)
        and isinstance(c.func, cst.Attribute)
        and c.func.attr.value == "zero_grad"
    }
    steps = [c for c in steps if tree.code(_optimizer(c).expression) in zeroed] or steps
    there = [c for c in steps if tree.covers(c, line)]
    if len(there) != 1:
        loops = [
            n
            for n in nodes(scope, inner=False)
            if isinstance(n, cst.For | cst.While) and tree.covers(n, line)
        ]
        inner = loops[-1] if loops else scope
        there = [c for c in steps if inner is scope or inner in set(tree.above(c))]
    if len(there) != 1:
        raise NotPlaced(
            f"{len(there) or 'no'} optimizer step{'s' * (len(there) != 1)} around line {line}",
            "one optimizer.step() in the loop",
        )
    return there[0]


def _written_out(tree: Tree, scope: cst.CSTNode, line: int) -> cst.Call:
    """The backward pass of a loop that writes its updates out."""
    found = _backwards(scope)
    there = [c for c in found if tree.covers(c, line)] or found
    if len(there) != 1:
        raise NotPlaced(
            f"no optimizer steps around line {line}", "one optimizer.step() in the loop"
        )
    return there[0]


def _backwards(scope: cst.CSTNode) -> list[cst.Call]:
    """Calls of a method `backward`."""
    calls = (c for c in nodes(scope, inner=False) if isinstance(c, cst.Call))
    return [c for c in calls if isinstance(c.func, cst.Attribute) and called(c) == "backward"]


def _is_step(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "step"


def _optimizer(step: cst.Call) -> Role:
    """The optimizer of `optimizer.step()`, or of `scaler.step(optimizer)`."""
    assert isinstance(step.func, cst.Attribute)
    if step.args and isinstance(step.args[0].value, _NAMED) and step.args[0].keyword is None:
        return Role(step.args[0].value)
    return Role(step.func.value)


def _backward(tree: Tree, scope: cst.CSTNode, step: cst.Call) -> cst.BaseExpression:
    """What `backward` is called on, last before the step; behind it where there is none before."""
    calls = _backwards(scope)
    if not calls:
        return _objective(tree, scope, step)
    before = [c for c in calls if tree.line(c) <= tree.line(step)]
    last = (before or calls)[-1]
    assert isinstance(last.func, cst.Attribute)
    value = last.func.value
    if isinstance(value, cst.Call) and called(value) == "scale" and value.args:  # of a GradScaler
        return value.args[0].value
    return value


def _objective(tree: Tree, scope: cst.CSTNode, step: cst.Call) -> cst.Name:
    """What `backward` would be called on: the last that is called a loss before the step."""
    found = [
        t
        for n in nodes(scope, inner=False)
        if isinstance(n, cst.Assign) and tree.line(n) <= tree.line(step)
        for t in targets(n)
        if isinstance(t, cst.Name) and OBJECTIVE.search(t.value)
    ]
    if not found:
        raise NotPlaced("no loss.backward() around the optimizer's step")
    return found[-1]


def _source(
    scope: Region, e: cst.BaseExpression, through: tuple[str, ...], seen: set[cst.CSTNode]
) -> cst.BaseExpression:
    """Where a value comes from: assignments, and methods that are looked through."""
    if isinstance(e, cst.Call) and isinstance(e.func, cst.Attribute):
        if e.func.attr.value in through:
            return _source(scope, e.func.value, through, seen)
        return e
    if isinstance(e, cst.Subscript) and through:
        return _source(scope, e.value, through, seen)
    if isinstance(e, cst.BinaryOperation) and not through:  # loss / steps, loss + penalty
        return _source(scope, e.left, through, seen)
    if isinstance(e, cst.Name):
        for node in reversed(scope):
            if isinstance(node, cst.Assign) and node not in seen:
                value = _assigned(node, e.value)
                if value is not None:
                    seen.add(node)
                    return _source(scope, value, through, seen)
    return e


def _assigned(node: cst.Assign, name: str) -> cst.BaseExpression | None:
    """What an assignment gives to a name."""
    for target in (t.target for t in node.targets):
        if isinstance(target, cst.Name) and target.value == name:
            return node.value
        if isinstance(target, cst.Tuple | cst.List):
            for i, element in enumerate(target.elements):
                if isinstance(element.value, cst.Name) and element.value.value == name:
                    if isinstance(node.value, cst.Tuple) and len(node.value.elements) > i:
                        return node.value.elements[i].value
                    return node.value
    return None


def batch(scope: Region, e: cst.BaseExpression) -> Role | None:
    """What a loop takes its batches from: an array, or a loader; None where they are changed."""
    seen: set[cst.CSTNode] = set()
    position = 1
    while True:
        e = _source(scope, e, _SAME, seen)
        if not isinstance(e, _NAMED):
            return None
        over = [n for n in scope if isinstance(n, cst.For) and n not in seen]
        own = [n for n in over if e is not None and names(e) & {_text(t) for t in targets(n)}]
        if not own:
            return Role(e)
        seen.add(own[-1])
        place = [_text(t) for t in targets(own[-1])].index(next(iter(names(e))))
        position = max(place, 0)
        iterated = own[-1].iter
        while isinstance(iterated, cst.Call) and called(iterated) in _AROUND and iterated.args:
            position -= called(iterated) == "enumerate"
            iterated = iterated.args[0].value
        made_here = isinstance(iterated, cst.Call) and called(iterated) == "DataLoader"
        if not isinstance(iterated, _NAMED) and not made_here:
            return None
        return Role(iterated, batch=max(position, 0))


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node).strip()


def _is_function(tree: Tree, e: cst.BaseExpression) -> bool:
    """Whether what is called is a function of the script or of torch, no module."""
    if isinstance(e, cst.Attribute) and _text(e).split(".")[0] in ("torch", "F", "nn"):
        return True
    return any(
        isinstance(n, cst.FunctionDef) and n.name.value == _text(e) for n in tree.module.body
    )


def _from_parameters(tree: Tree, roles: Mapping[str, Role]) -> cst.BaseExpression:
    """The module whose parameters the optimizer was given."""
    wanted = _text(roles["optimizer"].expression) if "optimizer" in roles else ""
    found: dict[str, cst.BaseExpression] = {}
    for node in nodes(tree.module):
        if isinstance(node, cst.Assign) and wanted in [_text(t) for t in targets(node)]:
            for call in nodes(node.value):
                if isinstance(call, cst.Call) and called(call) == "parameters":
                    assert isinstance(call.func, cst.Attribute)
                    found[_text(call.func.value)] = call.func.value
    if len(found) != 1:
        raise NotPlaced("the model that the loop trains cannot be read")
    return next(iter(found.values()))
