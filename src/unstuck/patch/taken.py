"""Arrays where something takes them, and those that are held out beside them."""

import re
from dataclasses import dataclass

import libcst as cst

from unstuck.patch.roles import called
from unstuck.patch.sources import bindings, converted, lifted, part
from unstuck.patch.tree import Tree, names, nodes, targets

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
