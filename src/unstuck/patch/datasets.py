"""Data sets of the script's own that hand out arrays as they were given them."""

import libcst as cst

from unstuck.patch.roles import argument
from unstuck.patch.sources import base, converted, part
from unstuck.patch.tree import Tree, nodes, parameters


def handed(tree: Tree, call: cst.Call) -> dict[str, cst.BaseExpression] | None:
    """What a data set's call was given as "x" and "y"; None where items are anything else than
    rows of these."""
    homes = [n for n in tree.module.body if isinstance(n, cst.ClassDef)]
    home = next((n for n in homes if tree.code(call.func) == n.name.value), None)
    if home is None:
        return None
    methods = {n.name.value: n for n in home.body.body if isinstance(n, cst.FunctionDef)}
    item, init = methods.get("__getitem__"), methods.get("__init__")
    if item is None or init is None or len(parameters(item)) != 2:
        return None
    returned = [n for n in nodes(item.body, inner=False) if isinstance(n, cst.Return)]
    if len(returned) != 1 or not isinstance(returned[0].value, cst.Tuple):
        return None
    pair = [e.value for e in returned[0].value.elements]
    found = {}
    for name, e in zip(("x", "y"), pair, strict=False):
        array = _row_of(tree, e, item)
        given = None if array is None else _given(tree, array, init, call)
        if given is None:
            return None
        found[name] = given
    return found if len(pair) == 2 else None


def _row_of(tree: Tree, e: cst.BaseExpression, item: cst.FunctionDef) -> cst.Attribute | None:
    """The `self.array` of which an expression is the item's row."""
    e = _plain(tree, e, item)
    if not isinstance(e, cst.Subscript) or len(e.slice) != 1:
        return None
    row = e.slice[0].slice
    own = isinstance(row, cst.Index) and tree.code(row.value) == parameters(item)[1]
    array = e.value
    return array if own and isinstance(array, cst.Attribute) and base(array) == "self" else None


def _given(
    tree: Tree, array: cst.Attribute, init: cst.FunctionDef, call: cst.Call
) -> cst.BaseExpression | None:
    """What the call gives for the parameter that an attribute holds."""
    home = next(n for n in tree.above(init) if isinstance(n, cst.ClassDef))
    assigns = [n for n in nodes(home) if isinstance(n, cst.Assign)]
    values = [v for n in assigns if (v := part(tree, n, array)) is not None]
    if len(values) != 1:
        return None
    e = _plain(tree, values[0], init)
    names = parameters(init)
    if not isinstance(e, cst.Name) or e.value not in names:
        return None
    arg = argument(call, names.index(e.value) - 1, e.value)
    return None if arg is None else arg.value


def _plain(tree: Tree, e: cst.BaseExpression, scope: cst.FunctionDef) -> cst.BaseExpression:
    """Behind conversions and names of the function's own."""
    for _ in range(12):
        inner = converted(tree, e)
        if inner is not None:
            e = inner
        elif isinstance(e, cst.Name):
            assigns = [n for n in nodes(scope.body, inner=False) if isinstance(n, cst.Assign)]
            values = [v for n in assigns if (v := part(tree, n, e)) is not None]
            if len(values) != 1:
                return e
            e = values[0]
        else:
            return e
    return e
