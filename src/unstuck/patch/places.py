"""Where a script prepares its data, and makes its model, loss and optimizer."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import libcst as cst

from unstuck.patch.datasets import handed
from unstuck.patch.roles import Role, Training, argument, called
from unstuck.patch.sources import base, bindings, converted, lifted, made, part
from unstuck.patch.tree import Loop, NotPlaced, Statement, Tree, names, nodes, targets

HELD = ("test", "valid", "val", "validation", "dev", "eval", "holdout")
SHORT = ("te", "ts", "tst", "va", "val", "test")  # beside "tr" or "trn"


@dataclass(frozen=True, eq=False)
class Taken:
    """An array where something takes it: the training call, a loader, a data set.

    Args:
        expression: as it reads there.
        node: what takes it.
        whole: what is to be changed: of `x[:100]`, x.
        held: held-out arrays that come from the same source.
    """

    expression: cst.BaseExpression
    node: cst.CSTNode
    whole: str
    held: tuple[str, ...]

    @property
    def named(self) -> bool:
        """Whether it can be assigned to, as a whole or what it is a slice of."""
        return bool(self.whole)


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
    if x.batch is not None and not whole and (rows := _of_split(tree, x, node)):
        return rows
    if x.batch is not None or y is None:
        parts = _of_loader(tree, x, node)
        if parts is not None:
            given, node = parts
    return {name: taken_of(tree, e, node) for name, e in given.items()}


def _of_loader(
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


def _of_split(tree: Tree, x: Role, node: cst.CSTNode) -> dict[str, Taken] | None:
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


def taken_of(tree: Tree, e: cst.BaseExpression, node: cst.CSTNode) -> Taken:
    """An array that a node takes, as far as an expression says."""
    e, node = lifted(tree, e, node)
    whole = e
    while isinstance(whole, cst.Subscript):
        whole = whole.value
    if not isinstance(whole, cst.Name | cst.Attribute):
        return Taken(e, node, "", ())
    code = tree.code(whole)
    bound = {
        t for n in nodes(tree.module) for t in map(tree.code, targets(n))
        if isinstance(n, cst.Assign)
    }  # fmt: skip
    twins = {
        re.sub("train(ing)?", other, code, count=1)
        for other in (*HELD, *(h.title() for h in HELD))
        if "train" in code
    } | {re.sub("_train(ing)?", "", code) + f"_{h}" for h in HELD if "_train" in code}
    if "train" not in code:
        twins |= {
            t for h in HELD for t in (f"{h}_{code}", f"{code}_{h}") if not _made_of(tree, t, code)
        }
    short = re.compile(r"trn?$|^trn?(?=_|[A-Z])|(?<=_)trn?(?=_)")
    twins |= {short.sub(other, code, count=1) for other in SHORT if short.search(code)}
    own = [w for w in sorted((twins & bound) | _beside(tree, whole, node)) if w != code]
    if isinstance(e, cst.Subscript):
        own = [code]
    else:  # a held-out part cut from the same array by a slice: X[n:] beside X_train
        own = [h for h in own if bindings(tree, cst.parse_expression(h), node)]
    return Taken(e, node, code, tuple(own))


def _beside(tree: Tree, e: cst.BaseExpression, node: cst.CSTNode) -> set[str]:
    """What `train_test_split` gave in the same statement for the other rows of an array."""
    for b in reversed(bindings(tree, e, node)):
        if isinstance(b, cst.Assign) and isinstance(b.value, cst.Call):
            given = [tree.code(t) for t in targets(b)]
            at = given.index(tree.code(e))
            split = called(b.value) == "train_test_split" and not at % 2 and at + 1 < len(given)
            return {given[at + 1]} - {"_"} if split else set()
    return set()


def origin(tree: Tree, taken: Taken) -> Taken:
    """The array that one without a held-out twin is made of, if that one has a twin: where it is
    changed, so is what else is made of the two."""
    e, node = taken.expression, taken.node
    while not taken.held:
        inner = converted(tree, e)
        if inner is not None:
            e = inner
            continue
        if not isinstance(e, cst.Name):
            break
        before = [b for b in bindings(tree, e, node) if tree.line(b) < tree.line(node)]
        if e is not taken.expression and (found := taken_of(tree, e, node)).held:
            return found
        value = part(tree, before[-1], e) if before and isinstance(before[-1], cst.Assign) else None
        if value is None or converted(tree, value) is None:
            break
        e, node = value, before[-1]
    return taken


def _made_of(tree: Tree, name: str, source: str) -> bool:
    """Whether a script makes a value of another."""
    given = (n for n in nodes(tree.module) if isinstance(n, cst.Assign))
    return any(source in names(n.value) for n in given if name in map(tree.code, targets(n)))


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
