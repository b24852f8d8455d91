"""Where a script prepares its data, and makes its model, loss and optimizer."""

from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from unstuck.patch.loaders import of_loader, of_own, of_split
from unstuck.patch.roles import Training, called
from unstuck.patch.sources import base, bindings, lifted, part
from unstuck.patch.taken import Taken, taken_of
from unstuck.patch.tree import Loop, NotPlaced, Statement, Tree, nodes


def arrays(tree: Tree, found: Training, whole: bool = False) -> dict[str, Taken]:
    """Inputs and targets where the script last holds them as arrays.

    Args:
        whole: whether arrays are wanted before `random_split` chooses rows of them.

    Raises:
        NotPlaced: they are not to be seen.
    """
    x, y = found.roles.get("x"), found.roles.get("y")
    if x is None:
        raise NotPlaced(found.missing.get("x", "the training's data cannot be read"))
    node: cst.CSTNode = found.node
    given: dict[str, cst.BaseExpression] = {"x": x.expression}
    if y is not None:
        given["y"] = y.expression
    if x.batch is not None and not whole and (rows := of_split(tree, x, node)):
        return rows
    if x.batch is not None and (held := of_own(tree, x, node, whole)):
        return held
    if x.batch is not None or y is None:
        parts = of_loader(tree, x, node)
        if parts is not None:
            given, node = parts
    return {name: taken_of(tree, e, node) for name, e in given.items()}


def behind_binding(
    tree: Tree,
    wanted: list[cst.BaseExpression],
    node: cst.CSTNode,
    at_once: bool = False,
    also: Sequence[cst.BaseExpression] = (),
) -> tuple[Statement, bool]:
    """Where lines go that change names: a statement, and whether behind it.

    Behind the last statement that binds one of them before a node; before the outermost loop
    around the node that binds none of them, where they are bound outside.

    Args:
        at_once: whether what reads them in between gets the new values; else it gets the old.
        also: names that the lines read, and that have to be bound before.
    """
    statement = tree.statement(node)
    around = [statement, *tree.above(statement)]
    last: cst.CSTNode | None = None
    for e in (*wanted, *also):
        for b in bindings(tree, e, node):
            s = _statement(tree, b)
            if s is None or s in around or tree.line(s) >= tree.line(statement):
                continue
            if last is None or tree.line(s) > tree.line(last):
                last = s
    if last is not None:
        above = next(tree.above(last))
        # Bound in a branch or loop: behind all of it; in another method: within that.
        while above not in around and not isinstance(next(tree.above(above)), cst.FunctionDef):
            last, above = above, next(tree.above(above))
        # what still reads the old values comes first
        body = [s for s in getattr(above, "body", ()) if tree.line(last) < tree.line(s)]
        body = [] if at_once else body
        read = {tree.code(e) for e in wanted}
        last = next(
            (
                s
                for s in reversed([s for s in body if s not in around])
                if tree.last_line(s) < tree.line(statement) and _reads(tree, s, read)
            ),
            last,
        )
        if isinstance(last, cst.SimpleStatementLine | cst.BaseCompoundStatement):
            return last, True
    for outer in tree.above(statement):
        if isinstance(outer, cst.FunctionDef | cst.ClassDef):
            break
        if isinstance(outer, Loop):
            statement = outer
    return statement, False


def _reads(tree: Tree, statement: cst.CSTNode, read: set[str]) -> bool:
    """Whether a statement reads values, and not the shape alone."""
    for n in nodes(statement):
        if not isinstance(n, cst.Name | cst.Attribute) or tree.code(n) not in read:
            continue
        above, over, *_ = (*tree.above(n), None, None)
        of_shape = isinstance(above, cst.Attribute) and above.attr.value in (
            "shape",
            "ndim",
            "dtype",
        )
        if not of_shape and not (isinstance(over, cst.Call) and called(over) == "len"):
            return True
    return False


def unsplit(tree: Tree, given: dict[str, Taken]) -> dict[str, Taken]:
    """The arrays that training data are slices of, where that is so of all of them; else these."""
    found = {}
    for name, taken in given.items():
        for b in (
            bindings(tree, cst.parse_expression(taken.whole), taken.node) if taken.named else ()
        ):
            value = (
                part(tree, b, cst.parse_expression(taken.whole))
                if isinstance(b, cst.Assign)
                else None
            )
            if (
                isinstance(value, cst.Subscript)
                and isinstance(value.value, cst.Name)
                and all(isinstance(e.slice, cst.Slice) for e in value.slice)
            ):
                found[name] = Taken(value.value, b, tree.code(value.value), ())
                break
    if set(found) != set(given):
        return given
    first = min((t.node for t in found.values()), key=tree.line)
    return {name: replace(t, node=first) for name, t in found.items()}


def _statement(tree: Tree, node: cst.CSTNode) -> Statement | None:
    if isinstance(node, cst.BaseCompoundStatement):
        return node
    return next((a for a in tree.above(node) if isinstance(a, cst.SimpleStatementLine)), None)


def of_model(tree: Tree, found: Training, at_once: bool) -> tuple[str, Statement, bool]:
    """What the model is called where it has been made, and where that is.

    Args:
        at_once: whether the optimizer, made behind it, is to get the changed model.

    Raises:
        NotPlaced: it has no name there.
    """
    role = found.roles.get("model")
    if role is None:
        raise NotPlaced("the model of the training call cannot be read")
    e, node = lifted(tree, role.expression, found.node)
    if not isinstance(e, cst.Name | cst.Attribute):
        raise NotPlaced(f"the model, {tree.code(e)!r}, has no name before training")
    code = tree.code(e)
    compiled = [
        c
        for c in nodes(tree.module)
        if isinstance(c, cst.Call) and tree.code(c.func) == f"{code}.compile"
        and tree.function(c) is tree.function(node)
    ]  # fmt: skip
    if len(compiled) == 1:
        return code, tree.statement(compiled[0]), False
    found_at = bindings(tree, e, node)
    if not found_at and base(e) != "self":
        raise NotPlaced(f"{code!r} comes from what cannot be seen in the script")
    place, behind = behind_binding(tree, [e], node, at_once)
    return code, place, behind
