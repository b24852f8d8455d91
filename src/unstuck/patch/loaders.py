"""The arrays behind a loader: what its data set is made of, or holds."""

from collections.abc import Iterator

import libcst as cst

from unstuck.patch.datasets import handed, held_by
from unstuck.patch.roles import Role, argument, called
from unstuck.patch.sources import bindings, made
from unstuck.patch.taken import Taken
from unstuck.patch.tree import NotPlaced, Tree, nodes, targets

_NAMED = cst.Name | cst.Attribute


def of_loader(
    tree: Tree, x: Role, node: cst.CSTNode
) -> tuple[dict[str, cst.BaseExpression], cst.CSTNode] | None:
    """The arrays that a loader's data set is made of, and the call that makes it."""
    e, at = made(tree, x.expression, node)
    for _ in range(12):
        if not isinstance(e, cst.Call):
            break
        name = called(e)
        if name == "TensorDataset":
            pair = [a.value for a in e.args]
            return dict(zip(("x", "y"), pair, strict=False)), e
        if name == "from_tensor_slices":
            pair = _pair(e.args[0].value)
            return dict(zip(("x", "y"), pair, strict=False)), e
        if name == "DataLoader":
            inner = argument(e, 0, "dataset")
            if inner is None:
                break
            e, at = made(tree, inner.value, at)
            split = _split(tree, e, at)
            e, at = (e, at) if split is None else (split.value, split)
        elif isinstance(e.func, cst.Attribute) and name in ("batch", "shuffle", "prefetch", "cache",
                                                            "repeat"):  # fmt: skip
            e, at = made(tree, e.func.value, at)
        elif pairs := handed(tree, e):
            return pairs, e
        elif name == "random_split" and e.args:
            e, at = made(tree, e.args[0].value, at)
        else:
            break
    if x.batch is None:
        return None
    said = tree.code(e.func) if isinstance(e, cst.Call) else tree.code(e)
    raise NotPlaced(f"the data come from {said}, whose arrays cannot be changed before it")


def of_split(tree: Tree, x: Role, node: cst.CSTNode) -> dict[str, Taken] | None:
    """The rows of arrays that `random_split` chose for a loader; None where it did not."""
    e, at = made(tree, x.expression, node)
    inner = argument(e, 0, "dataset") if isinstance(e, cst.Call) else None
    if inner is None:
        return None
    own, at = made(tree, inner.value, at)
    split = _split(tree, own, at)
    if split is None or not isinstance(split.value, cst.Call) or not split.value.args:
        return None
    data, _ = made(tree, split.value.args[0].value, split)
    given = data.args if isinstance(data, cst.Call) and called(data) == "TensorDataset" else ()
    if len(given) != 2 or not all(isinstance(a.value, cst.Name) for a in given):
        return None
    others = [t for t in map(tree.code, targets(split)) if t not in (tree.code(own), "_")]
    found = {}
    for name, array in zip(("x", "y"), (tree.code(a.value) for a in given), strict=True):
        rows = f"{array}[{tree.code(own)}.indices]"
        held = tuple(f"{array}[{other}.indices]" for other in others)
        found[name] = Taken(cst.parse_expression(rows), node, rows, held)
    return found


def of_own(tree: Tree, x: Role, node: cst.CSTNode, whole: bool) -> dict[str, Taken] | None:
    """The arrays that a loader's data set makes itself and holds as attributes; None where they
    are not to be reached by name.

    Args:
        whole: whether all rows are wanted, not those that `random_split` chose.
    """
    loader, at = made(tree, x.expression, node)
    inner = argument(loader, 0, "dataset") if isinstance(loader, cst.Call) else None
    if inner is None or called(loader) != "DataLoader":  # type: ignore[arg-type]
        return None
    own = data = _reached(tree, inner.value, x.expression)
    source, split = inner.value, _split(tree, inner.value, at)
    if split is not None and isinstance(split.value, cst.Call) and split.value.args:
        source = split.value.args[0].value
        data = tree.code(source) if isinstance(source, _NAMED) else f"{own}.dataset"
    elif not isinstance(inner.value, _NAMED) and tree.function(loader) is not tree.function(node):
        return None
    call, _ = made(tree, source, at if split is None else split)
    if not own or not isinstance(call, cst.Call):
        return None
    taker = loader if isinstance(inner.value, _NAMED) else node
    found = {}
    for name, attribute in held_by(tree, call).items():
        array = f"{data}.{attribute}"
        rows = array if split is None or whole else f"{array}[{own}.indices]"
        others = (f"{o}.{attribute}" for o in _alike(tree, call, taker) if o != data)
        held = (array,) if rows != array else () if whole else tuple(others)
        found[name] = Taken(cst.parse_expression(rows), taker, array, held)
    return found or None


def _reached(tree: Tree, data: cst.BaseExpression, loader: cst.BaseExpression) -> str:
    """How a loader's data set reads; "" where it has no name, nor has its loader."""
    if isinstance(data, _NAMED):
        return tree.code(data)
    return f"{tree.code(loader)}.dataset" if isinstance(loader, _NAMED) else ""


def _alike(tree: Tree, call: cst.Call, node: cst.CSTNode) -> Iterator[str]:
    """Data sets that the same function makes of the same class, as they read."""
    for n in nodes(tree.module):
        if not isinstance(n, cst.Assign) or tree.function(n) is not tree.function(node):
            continue
        named = [tree.code(t) for t in targets(n)]
        e, way = n.value, ""
        if isinstance(e, cst.Call) and called(e) == "DataLoader" and e.args:
            e, way = e.args[0].value, ".dataset"
        same = isinstance(e, cst.Call) and e is not call and len(named) == 1
        if same and tree.code(e.func) == tree.code(call.func):  # type: ignore[attr-defined]
            yield named[0] + way


def _split(tree: Tree, e: cst.BaseExpression, node: cst.CSTNode) -> cst.Assign | None:
    """The statement that splits a data set off by `random_split`."""
    if not isinstance(e, cst.Name):
        return None
    for b in reversed(bindings(tree, e, node)):
        if isinstance(b, cst.Assign) and isinstance(b.value, cst.Call):
            return b if called(b.value) == "random_split" else None
    return None


def _pair(e: cst.BaseExpression) -> list[cst.BaseExpression]:
    return [v.value for v in e.elements] if isinstance(e, cst.Tuple) else [e]
