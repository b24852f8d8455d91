"""Where a script's torch model applies its output activation, and the same without it."""

import libcst as cst

from unstuck.cures.printed import Negate, Unwrap
from unstuck.patch.roles import called
from unstuck.patch.tree import Tree, nodes, parameters, targets

SHAPES = frozenset({"squeeze", "view", "reshape", "flatten", "float", "double"})
Plan = list[tuple[str, cst.CSTNode, str]]


def unwrapped(tree: Tree, edit: Unwrap) -> Plan | None:
    """The edit that takes the activation off, or exchanges it; None where it is not plain which
    call it is.

    In `forward`: `return F.softmax(z, dim=1)`, `x.sigmoid()`, `self.softmax(z)`, or the same as the
    last value of the name that is returned; in JAX, of a function. As a module: the last of
    `nn.Sequential(…)`.
    """
    forwards = [
        (node, method)
        for node in nodes(tree.module)
        if isinstance(node, cst.ClassDef)
        for method in node.body.body
        if isinstance(method, cst.FunctionDef) and method.name.value == "forward"
    ]
    own = [pair for pair in forwards if pair[0].name.value == edit.kind]
    for among in (own, forwards):
        plans = [p for cls, method in among if (p := _in_forward(tree, cls, method, edit))]
        if len(plans) == 1:
            return plans[0]
    functions = [n for n in nodes(tree.module) if isinstance(n, cst.FunctionDef)]
    plans = [p for f in functions if not edit.kind and (p := _in_forward(tree, f, f, edit))]
    if len(plans) == 1:  # JAX's: no class holds it
        return plans[0]
    plans = [p for node in nodes(tree.module) if (p := _in_sequential(tree, node, edit))]
    return plans[0] if len(plans) == 1 else None


def first_of_forward(tree: Tree, kind: str) -> tuple[str, cst.SimpleStatementLine] | None:
    """What a class's `forward` calls its only input, and the first statement there; None where
    that is not plain."""
    own = [
        method
        for node in nodes(tree.module)
        if isinstance(node, cst.ClassDef) and node.name.value == kind
        for method in node.body.body
        if isinstance(method, cst.FunctionDef) and method.name.value == "forward"
    ]
    if len(own) != 1 or len(parameters(own[0])) != 2:
        return None
    lines = [s for s in own[0].body.body if isinstance(s, cst.SimpleStatementLine)]
    said = lines[:1] if lines and _is_docstring(lines[0]) else []
    rest = [s for s in own[0].body.body if s not in said]
    first = rest[0] if rest else None
    name = parameters(own[0])[1]
    return (name, first) if isinstance(first, cst.SimpleStatementLine) else None


def _is_docstring(line: cst.SimpleStatementLine) -> bool:
    first = line.body[0]
    return isinstance(first, cst.Expr) and isinstance(first.value, cst.BaseString)


def negated(tree: Tree, edit: Negate) -> Plan | None:
    """The edit that turns the sign of what a function returns; None where that is not plain."""
    own = [
        n
        for n in nodes(tree.module)
        if isinstance(n, cst.FunctionDef) and n.name.value == edit.name
    ]
    if len(own) != 1:
        return None
    returned = [n.value for n in nodes(own[0], inner=False) if isinstance(n, cst.Return)]
    if len(returned) != 1 or returned[0] is None or isinstance(returned[0], cst.Tuple):
        return None
    value = returned[0]
    if isinstance(value, cst.UnaryOperation) and isinstance(value.operator, cst.Minus):
        return [("replace", value, tree.code(value.expression))]
    whole = isinstance(value, cst.Call | cst.Name | cst.Attribute | cst.Subscript) or value.lpar
    code = tree.code(value)
    return [("replace", value, f"-{code}" if whole else f"-({code})")]


def _in_forward(tree: Tree, cls: cst.CSTNode, method: cst.FunctionDef, edit: Unwrap) -> Plan | None:
    returned = [n for n in nodes(method, inner=False) if isinstance(n, cst.Return) and n.value]
    if len(returned) != 1:
        return None
    value = returned[0].value
    if isinstance(value, cst.Name):
        bound = [
            n
            for n in nodes(method, inner=False)
            if isinstance(n, cst.Assign) and [tree.code(t) for t in targets(n)] == [value.value]
        ]
        value = bound[-1].value if bound else None
    while isinstance(value, cst.Call) and called(value) in SHAPES:
        assert isinstance(value.func, cst.Attribute)
        value = value.func.value
    if not isinstance(value, cst.Call):
        return None
    inside = _applied(tree, cls, value, edit.name)
    if inside is None:
        return None
    code = tree.code(inside)
    return [("replace", value, f"torch.{edit.by}({code})" if edit.by else code)]


def _applied(tree: Tree, cls: cst.CSTNode, call: cst.Call, name: str) -> cst.BaseExpression | None:
    """What the activation is applied to; None where the call is another."""
    plain = [a.value for a in call.args if a.keyword is None and not a.star]
    receiver = call.func.value if isinstance(call.func, cst.Attribute) else None
    own = isinstance(receiver, cst.Name) and receiver.value == "self"  # a module of the model's
    if called(call) == name and not own:
        library = receiver is None or tree.code(receiver) in _LIBRARIES
        return (plain[0] if plain else None) if library else receiver
    made = [
        n.value
        for n in nodes(cls)
        if isinstance(n, cst.Assign)
        and [tree.code(t) for t in targets(n)] == [tree.code(call.func)]
    ]
    if len(made) == 1 and _is_module(made[0], name) and len(plain) == 1:
        return plain[0]
    return None


def _in_sequential(tree: Tree, node: cst.CSTNode, edit: Unwrap) -> Plan | None:
    if not isinstance(node, cst.Call) or called(node) != "Sequential" or len(node.args) < 2:
        return None
    *before, last = node.args
    if last.keyword is not None or not _is_module(last.value, edit.name):
        return None
    if edit.by and isinstance(last.value, cst.Call):
        home = tree.code(last.value.func).rpartition(".")[0]
        module = f"{home}.{edit.by.title()}()" if home else f"torch.nn.{edit.by.title()}()"
        return [("replace", last.value, module)]
    before[-1] = before[-1].with_changes(comma=last.comma)
    return [("replace", node, tree.code(node.with_changes(args=before)))]


def _is_module(node: cst.BaseExpression, name: str) -> bool:
    """Whether it makes the activation's module: `nn.LogSoftmax(dim=1)` for "log_softmax"."""
    return isinstance(node, cst.Call) and called(node).lower() == name.replace("_", "")


_LIBRARIES = frozenset(
    {"F", "nn.functional", "torch", "torch.nn.functional", "functional", "jax.nn", "nn", "jnp"}
)
