"""Data sets of the script's own that hand out rows of arrays, given to them or made by them."""

import libcst as cst

from unstuck.patch.roles import argument, called
from unstuck.patch.sources import MADE, base, converted, part
from unstuck.patch.tree import Tree, nodes, parameters


def handed(tree: Tree, call: cst.Call) -> dict[str, cst.BaseExpression] | None:
    """What a data set's call was given as "x" and "y"; None where items are anything else than
    rows of these."""
    init, arrays = _arrays(tree, call)
    found = {}
    for name, array in arrays.items():
        given = None if init is None else _given(tree, array, init, call)
        if given is None:
            return None
        found[name] = given
    return found or None


def held_by(tree: Tree, call: cst.Call) -> dict[str, str]:
    """The attributes of a data set whose rows it hands out as "x" and "y", where it makes arrays of
    them once; none where items are anything else."""
    init, arrays = _arrays(tree, call)
    if init is None or not all(_is_made_once(tree, a, init) for a in arrays.values()):
        return {}
    return {name: a.attr.value for name, a in arrays.items()}


def _arrays(tree: Tree, call: cst.Call) -> tuple[cst.FunctionDef | None, dict[str, cst.Attribute]]:
    """The `__init__` of a data set and the arrays of its own, by role, of which an item is the
    rows; none where it is anything else."""
    homes = [n for n in tree.module.body if isinstance(n, cst.ClassDef)]
    home = next((n for n in homes if tree.code(call.func) == n.name.value), None)
    if home is None:
        return None, {}
    methods = {n.name.value: n for n in home.body.body if isinstance(n, cst.FunctionDef)}
    item, init = methods.get("__getitem__"), methods.get("__init__")
    if item is None or init is None or len(parameters(item)) != 2:
        return None, {}
    returned = [n for n in nodes(item.body, inner=False) if isinstance(n, cst.Return)]
    if len(returned) != 1 or not isinstance(returned[0].value, cst.Tuple):
        return None, {}
    rows = [_row_of(tree, e.value, item) for e in returned[0].value.elements]
    found = {name: row for name, row in zip(("x", "y"), rows, strict=False) if row is not None}
    return init, found if len(rows) == len(found) == 2 else {}


def _is_made_once(tree: Tree, array: cst.Attribute, init: cst.FunctionDef) -> bool:
    """Whether a data set assigns an attribute once, to what a library makes an array of."""
    values = _assigned(tree, array, init)
    return len(values) == 1 and _makes(values[0])


def _makes(e: cst.BaseExpression) -> bool:
    """Whether an expression is an array or tensor by what makes it, whatever is called on that."""
    while isinstance(e, cst.Call):
        if called(e) in (*MADE, "to_numpy") or base(e.func) in ("np", "numpy", "torch"):
            return True
        e = e.func.value if isinstance(e.func, cst.Attribute) else e.func
    return isinstance(e, cst.Attribute) and e.attr.value == "values"


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
    values = _assigned(tree, array, init)
    if len(values) != 1:
        return None
    e = _plain(tree, values[0], init)
    names = parameters(init)
    if not isinstance(e, cst.Name) or e.value not in names:
        return None
    arg = argument(call, names.index(e.value) - 1, e.value)
    return None if arg is None else arg.value


def _assigned(tree: Tree, array: cst.Attribute, init: cst.FunctionDef) -> list[cst.BaseExpression]:
    """What the class of an `__init__` assigns to an attribute."""
    home = next(n for n in tree.above(init) if isinstance(n, cst.ClassDef))
    assigns = [n for n in nodes(home) if isinstance(n, cst.Assign)]
    return [v for n in assigns if (v := part(tree, n, array)) is not None]


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
