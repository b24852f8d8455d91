"""How a script reads targets that are held out, which tells whether a fix is to change them."""

import libcst as cst

from unstuck.patch.roles import called
from unstuck.patch.tree import Tree, names, nodes, targets

# What makes (n, 1) outputs flat, and what leaves tensors behind.
FLAT = ("squeeze(", "ravel(", "flatten(", "reshape(-1)", "view(-1)", "[:, 0]", "[..., 0]")
ARRAYS = frozenset({"numpy", "tolist", "cpu", "detach", "shape", "size", "dtype", "device"})
ARRAYS |= {"mean", "var", "std", "sum", "min", "max"}  # alike for either shape
SIZES = ("len", "print", "mean", "var", "std")  # alike for either shape
METRICS = ("_score", "_error")  # scikit-learn's, among others, take either shape


def meets_outputs(tree: Tree, name: str) -> bool:
    """Whether a script holds targets against outputs as the model gives them, so that they need
    the outputs' shape: not where all that reads them are metrics, or what was made flat."""
    return any(_meets(tree, use) for use in nodes(tree.module) if _reads(tree, use, name))


def names_classes(tree: Tree, after: cst.CSTNode) -> bool:
    """Whether a script turns outputs into its own labels behind the training, as
    `np.where(p > 0.5, 1, -1)` does, so that labels that are held out are to stay as they are."""
    later = (n for n in nodes(tree.module) if tree.line(after) < _line(tree, n))
    return any(map(_is_own, later))


def _line(tree: Tree, node: cst.CSTNode) -> int:
    return tree.line(node) if isinstance(node, cst.Call | cst.IfExp | cst.BinaryOperation) else 0


def _is_own(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.IfExp):
        return _is_number(node.body) and _is_number(node.orelse)
    if isinstance(node, cst.BinaryOperation):  # argmax + 1
        left = node.left
        largest = isinstance(left, cst.Call) and called(left) == "argmax"
        return largest and isinstance(node.operator, cst.Add) and _is_number(node.right)
    if not isinstance(node, cst.Call):
        return False
    values = [a.value for a in node.args]
    chosen = called(node) == "where" and len(values) == 3
    return called(node) == "sign" or (chosen and all(map(_is_number, values[1:])))


def _is_number(e: cst.BaseExpression) -> bool:
    inner = e.expression if isinstance(e, cst.UnaryOperation) else e
    return isinstance(inner, cst.BaseNumber)


def _reads(tree: Tree, node: cst.CSTNode, name: str) -> bool:
    if not isinstance(node, cst.Name | cst.Attribute) or tree.code(node) != name:
        return False
    around = list(tree.above(node))
    bound = isinstance(around[0], cst.Element | cst.Tuple | cst.AssignTarget) and any(
        isinstance(a, cst.AssignTarget) for a in around[:3]
    )
    keyword = isinstance(around[0], cst.Arg) and around[0].keyword is node
    attribute = isinstance(around[0], cst.Attribute) and around[0].attr is node
    return not bound and not keyword and not attribute


def _meets(tree: Tree, use: cst.CSTNode) -> bool:
    around = next(tree.above(use))
    if isinstance(around, cst.Attribute):
        return around.attr.value not in ARRAYS
    beside = next((a for a in tree.above(use) if isinstance(a, Whole)), None)
    if beside is None:
        return True
    if isinstance(beside, cst.Call):
        if called(beside) in SIZES or called(beside).endswith(METRICS):
            return False
    elif names(beside) == names(use) or any(flat in _origin(tree, beside) for flat in FLAT):
        return False  # y_test - y_test.mean() is alike for either shape
    return not any(flat in tree.code(beside) for flat in FLAT)


def _origin(tree: Tree, e: cst.CSTNode) -> str:
    """What the names in an expression were given."""
    read = names(e)
    given = (n for n in nodes(tree.module) if isinstance(n, cst.Assign))
    return "\n".join(tree.code(n.value) for n in given if read & {tree.code(t) for t in targets(n)})


Whole = cst.BinaryOperation | cst.Comparison | cst.Call
