"""The rate of a gradient descent that a script writes out: `w - rate * dw`."""

import libcst as cst

from unstuck.patch.roles import argument, called
from unstuck.patch.sources import bindings
from unstuck.patch.tree import Tree, nodes, targets

Number = cst.Float | cst.Integer

GRADIENTS = ("grad", "value_and_grad")


def rates(tree: Tree) -> list[Number]:
    """The numbers, as they stand in the script, that its descents multiply gradients by; none where
    one of them is not plain."""
    found: list[Number] = []
    for node in nodes(tree.module):
        factors = [f for f in _factors(node) if _knows_gradients(tree, node, f)]
        if not factors:
            continue
        numbers = [n for f in factors[0] if (n := _number(tree, f, node)) is not None]
        if not numbers:
            return []
        found += [numbers[0]] * (numbers[0] not in found)
    return found


def cleared(tree: Tree) -> list[tuple[cst.CSTNode, str]]:
    """Steps that are written out with a tensor's gradient, each with the tensor as it reads."""
    found: list[tuple[cst.CSTNode, str]] = []
    for node in nodes(tree.module):
        for factors in _factors(node):
            owners = [tree.code(n.value) for n in _gradients(factors)]
            found += [(node, owner.removesuffix(".data")) for owner in owners[:1]]
    return found


Factors = tuple[cst.BaseExpression, ...]


def _factors(node: cst.CSTNode) -> list[Factors]:
    """What is multiplied and then taken away from something, or added to a tensor in place."""
    value: cst.CSTNode | None = None
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Subtract):
        value = node.right
    elif isinstance(node, cst.AugAssign) and isinstance(node.operator, cst.SubtractAssign):
        value = node.value
    elif isinstance(node, cst.Call) and called(node) in ("sub_", "add_") and node.args:
        value, alpha = node.args[0].value, argument(node, 10**9, "alpha")
        if alpha is not None:
            return [(alpha.value, node.args[0].value)]
    if isinstance(value, cst.BinaryOperation) and isinstance(value.operator, cst.Multiply):
        return [(value.left, value.right)]
    return []


def _knows_gradients(tree: Tree, node: cst.CSTNode, factors: Factors) -> bool:
    """Whether one of the factors is a tensor's gradient, or gradients are computed in the function
    around a node, or where the script is read."""
    if any(
        isinstance(n, cst.Attribute) and n.attr.value == "grad" for f in factors for n in nodes(f)
    ):
        return True
    region = tree.function(node) or tree.module
    calls = (n for n in nodes(region, inner=region is not tree.module) if isinstance(n, cst.Call))
    return any(
        called(c) in GRADIENTS or (isinstance(c.func, cst.Call) and called(c.func) in GRADIENTS)
        for c in calls
    )


def _gradients(factors: Factors) -> list[cst.Attribute]:
    """The gradients of tensors among factors."""
    read = (n for f in factors for n in nodes(f) if isinstance(n, cst.Attribute))
    return [n for n in read if n.attr.value == "grad"]


def _number(tree: Tree, e: cst.BaseExpression, node: cst.CSTNode) -> Number | None:
    """The number that an expression is, or that its name was given once and for all."""
    if isinstance(e, cst.UnaryOperation):
        e = e.expression
    if isinstance(e, Number):
        return e
    if not isinstance(e, cst.Name):
        return None
    function = tree.function(node)
    for parameter in () if function is None else function.params.params:
        if parameter.name.value == e.value:
            return parameter.default if isinstance(parameter.default, Number) else None
    bound = bindings(tree, e, node)
    if len(bound) != 1 or not isinstance(bound[0], cst.Assign):
        return None
    value: cst.BaseExpression = bound[0].value
    named = [tree.code(t) for t in targets(bound[0])]
    if isinstance(value, cst.Tuple) and len(value.elements) == len(named):  # rate, size = 0.1, 32
        value = value.elements[named.index(e.value)].value
    return value if isinstance(value, Number) else None
