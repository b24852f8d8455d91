"""Where a script makes what it differentiates anew of its loss's number."""

import libcst as cst

from unstuck.patch.ends import Plan
from unstuck.patch.roles import called
from unstuck.patch.tree import Tree, nodes, targets

# What makes a tensor of a number, and what a number is had by of a tensor.
MAKERS = frozenset({"tensor", "as_tensor", "Tensor", "FloatTensor", "Variable", "from_numpy"})
MAKERS |= {"requires_grad_", "to", "float", "double"}
READ = frozenset({"item", "detach", "cpu", "numpy", "clone", "tolist", "data", "float"})


def unmade(tree: Tree, e: cst.BaseExpression, backward: cst.Call) -> Plan | None:
    """The edit by which the loss stands where a tensor made of its number does; None where that
    is not plain."""
    if not isinstance(e, cst.Name):
        inner = _inner(e)
        return None if inner is None else [("replace", e, tree.code(inner))]
    assigns = [
        n
        for n in nodes(tree.module)
        if isinstance(n, cst.Assign)
        and [tree.code(t) for t in targets(n)] == [e.value]
        and tree.function(n) is tree.function(backward)
        and tree.line(n) <= tree.line(backward)
    ]
    if not assigns:
        return None
    last = assigns[-1]
    inner = _inner(last.value)
    if inner is None:
        return None
    line = next(a for a in tree.above(last) if isinstance(a, cst.SimpleStatementLine))
    if tree.code(inner) == e.value and len(line.body) == 1:
        return [("out", line, "")]
    return [("replace", last.value, tree.code(inner))]


def _inner(e: cst.BaseExpression) -> cst.BaseExpression | None:
    """The loss in `torch.tensor(loss.item(), requires_grad=True)`; None where there is none."""
    made = False
    while True:
        if isinstance(e, cst.Call) and called(e) in MAKERS:
            owner = e.func.value if isinstance(e.func, cst.Attribute) else None
            library = owner is None or _is_library(owner)
            if library and not e.args:
                return None
            e, made = e.args[0].value if library or owner is None else owner, True
        elif isinstance(e, cst.Call) and called(e) in READ and isinstance(e.func, cst.Attribute):
            e, made = e.func.value, True
        elif isinstance(e, cst.Attribute) and e.attr.value == "data":
            e, made = e.value, True
        elif isinstance(e, cst.List) and len(e.elements) == 1:
            e = e.elements[0].value
        else:
            return e if made else None


def _is_library(owner: cst.BaseExpression) -> bool:
    while isinstance(owner, cst.Attribute):
        owner = owner.value
    return isinstance(owner, cst.Name) and owner.value in ("torch", "autograd", "np")
