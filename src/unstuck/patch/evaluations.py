"""The script asking its trained model as it should: about inputs that are scaled as those it learnt
from, in evaluation mode, and with statistics that have kept up."""

from collections.abc import Iterator

import libcst as cst

from unstuck.cures.lines import fresh
from unstuck.patch.places import arrays
from unstuck.patch.roles import Training, argument, called
from unstuck.patch.sources import bindings, converted, part
from unstuck.patch.taken import Taken, taken_of
from unstuck.patch.text import Text
from unstuck.patch.tree import Loop, NotPlaced, Statement, Tree, names, nodes, targets

Binding = cst.Assign | cst.AugAssign
_OFF = ("no_grad", "inference_mode", "set_grad_enabled")


def scaled(source: str, tree: Tree, found: Training) -> str:
    """A script's source with what it does to its training inputs done to those held out as well.

    Raises:
        NotPlaced: what it does to them is not to be seen.
    """
    text = Text(source, tree)
    several = {tree.code(taken.expression): taken for taken in _inputs(tree, found)}
    put = [held for taken in several.values() for held in _twinned(tree, text, taken)]
    if not put:
        raise NotPlaced("how the script scales its training inputs is not to be seen")
    return text.result()


def _inputs(tree: Tree, found: Training) -> list[Taken]:
    """Arrays of training inputs; where what the training takes is not to be seen, all that have
    held-out twins by their names."""
    try:
        return list(_chain(tree, arrays(tree, found)["x"]))
    except NotPlaced:
        made = [n for n in nodes(tree.module) if isinstance(n, Binding)]
        bound = [t for n in made for t in targets(n) if isinstance(t, cst.Name)]
        return [taken for t in bound if (taken := taken_of(tree, t, found.node)).held]


def _chain(tree: Tree, taken: Taken) -> Iterator[Taken]:
    """An array that training takes, and those that it is made of, one of the other."""
    for _ in range(8):
        yield taken
        e = taken.expression
        inner = converted(tree, e)
        if inner is None and isinstance(e, cst.Name):
            own = [v for _, v in _own(tree, e, taken.node) if converted(tree, v) is not None]
            inner = own[-1] if own else None
        if inner is None:
            return
        taken = taken_of(tree, inner, taken.node)


def _own(
    tree: Tree, e: cst.BaseExpression, node: cst.CSTNode
) -> list[tuple[Binding, cst.BaseExpression]]:
    """Assignments to a name before a node, each with what it gives."""
    found: list[tuple[Binding, cst.BaseExpression]] = []
    for b in bindings(tree, e, node):
        if isinstance(b, Binding) and tree.line(b) < tree.line(node):
            value = part(tree, b, e) if isinstance(b, cst.Assign) else b.value
            found += [] if value is None else [(b, value)]
    return found


def _read(value: cst.BaseExpression) -> set[str]:
    return {n.value for n in nodes(value) if isinstance(n, cst.Name)}


def _twinned(tree: Tree, text: Text, taken: Taken) -> list[str]:
    """Puts beside each scaling of an array the same of those held out that have none."""
    put: list[str] = []
    if not isinstance(taken.expression, cst.Name):
        return put
    for b, value in _own(tree, taken.expression, taken.node):
        raw = _source(tree, b, value, taken)
        if raw is None:
            continue
        for held in raw.held:
            before = _own(tree, cst.parse_expression(held), taken.node)
            if any(_scales(tree, other, v, held) for other, v in before):
                continue
            made = bindings(tree, cst.parse_expression(held), b)
            if not made or min(map(tree.line, made)) > tree.line(b):
                raise NotPlaced(f"{held} is made after {raw.whole} is scaled")
            _put(tree, text, b, value, raw.whole, held)
            put.append(held)
    return put


def _scales(tree: Tree, b: Binding, value: cst.BaseExpression, name: str) -> bool:
    """Whether an assignment to a name does something to its numbers."""
    if isinstance(b, cst.AugAssign):
        return True
    return name in _read(value) and converted(tree, value) is None


def _source(tree: Tree, b: Binding, value: cst.BaseExpression, taken: Taken) -> Taken | None:
    """The array with a held-out twin that one assignment scales; None where it scales none."""
    if _scales(tree, b, value, tree.code(taken.expression)):
        return taken if taken.held else None
    if converted(tree, value) is not None:
        return None
    several = (taken_of(tree, cst.Name(name), b) for name in sorted(_read(value)))
    return next((t for t in several if t.held), None)


def _put(
    tree: Tree, text: Text, b: Binding, value: cst.BaseExpression, raw: str, held: str
) -> None:
    statement = next(a for a in tree.above(b) if isinstance(a, cst.SimpleStatementLine))
    if isinstance(b, cst.AugAssign):
        text.before(statement, [tree.code(b.with_changes(target=cst.Name(held)))])
        return
    if isinstance(value, cst.Call) and called(value) == "fit_transform":
        assert isinstance(value.func, cst.Attribute)
        own = value.func.value
        name = tree.code(own)
        if not isinstance(own, cst.Name | cst.Attribute):
            name = fresh("scaler", frozenset(names(tree.module)))
            text.before(statement, [f"{name} = {tree.code(own)}"])
            text.replace(own, name)
        text.behind(statement, [f"{held} = {name}.transform({held})"])
        return
    swap = _Swap(tree, raw, held)
    line = tree.code(value.visit(swap))  # type: ignore[arg-type]
    if not swap.done:
        raise NotPlaced(f"how {raw} is scaled is not to be read")
    text.before(statement, [f"{held} = {line}"])


class _Swap(cst.CSTTransformer):
    """The held-out array in the place of the training's, but where that is measured: its mean
    stays its own."""

    def __init__(self, tree: Tree, raw: str, held: str) -> None:
        self._tree, self._raw, self._held = tree, raw, held
        self.done = False

    def visit_Call(self, node: cst.Call) -> bool:
        """Within a call only where it scales what it is given."""
        return called(node) == "transform" or converted(self._tree, node) is not None

    def leave_Name(self, old: cst.Name, new: cst.Name) -> cst.Name:
        """See the class."""
        if old.value != self._raw:
            return new
        self.done = True
        return new.with_changes(value=self._held)


def evaluating(source: str, tree: Tree, line: int, training: int) -> str:
    """A script's source with the model in evaluation mode where it is asked, and in training mode
    again behind that.

    Args:
        line: where it is asked.
        training: where it is trained.

    Raises:
        NotPlaced: which model it is, or where gradients are off, is not to be seen.
    """
    calls = [
        n
        for n in nodes(tree.module)
        if isinstance(n, cst.Call) and tree.covers(n, line) and _is_model(tree, n)
    ]
    several = {tree.code(c.func) for c in calls}
    if len(several) != 1:
        raise NotPlaced(f"which model is asked in line {line} is not to be seen")
    (model,), function = several, tree.function(calls[0])
    off = [
        a
        for a in tree.above(calls[0])
        if isinstance(a, cst.With) and _switches_off(a) and tree.function(a) is function
    ]
    if not off:
        raise NotPlaced("no `with torch.no_grad():` stands around where the model is asked")
    place: Statement = off[-1]
    returns = any(isinstance(n, cst.Return) for n in nodes(place, inner=False))
    if returns and not _trains(tree, training):
        raise NotPlaced("the script returns from where the model is asked")
    text = Text(source, tree)
    text.before(place, [f"{model}.eval()"])
    if not returns:
        text.behind(place, [f"{model}.train()"])
    return text.result()


def faster(source: str, tree: Tree, framework: str) -> str:
    """A script's source whose batch normalization has moving statistics that keep up.

    Raises:
        NotPlaced: no layer with a slow one is in sight.
    """
    text, plain = Text(source, tree), "0.9" if framework == "keras" else "0.1"
    slow = [
        given
        for n in nodes(tree.module)
        if isinstance(n, cst.Call) and called(n).startswith("BatchNorm")
        and (framework == "keras" or argument(n, 2, "momentum"))
        for given in [argument(n, 1 if framework == "keras" else 2, "momentum") or n]
    ]  # fmt: skip
    if not slow:
        raise NotPlaced("where the script makes its batch normalization is not to be seen")
    for given in slow:
        if isinstance(given, cst.Arg):
            text.replace(given.value, plain)
        elif given.args:
            text.put(given.args[-1], f", momentum={plain}", behind=True)
        else:
            text.replace(given, f"{tree.code(given.func)}(momentum={plain})")
    return text.result()


def _trains(tree: Tree, line: int) -> bool:
    """Whether the loop or function around a line puts a model into training mode itself."""
    return any(
        isinstance(n, cst.Call)
        and called(n) == "train"
        and not n.args
        and any(
            isinstance(a, Loop | cst.FunctionDef) and tree.covers(a, line) for a in tree.above(n)
        )
        for n in nodes(tree.module)
    )


def _switches_off(node: cst.With) -> bool:
    return any(isinstance(i.item, cst.Call) and called(i.item) in _OFF for i in node.items)


def _is_model(tree: Tree, call: cst.Call) -> bool:
    """Whether a call may be that of a model: of a name that the script gives to what it makes."""
    root = call.func
    while isinstance(root, cst.Attribute):
        root = root.value
    if not isinstance(root, cst.Name) or len(call.args) != 1:
        return False
    if root.value == "self":
        return isinstance(call.func, cst.Attribute)
    found = bindings(tree, root, call)
    function = tree.function(call)
    given = function is not None and root.value in [p.name.value for p in function.params.params]
    plain = isinstance(call.func, cst.Name)
    return plain and (given or any(isinstance(b, cst.Assign) for b in found))
