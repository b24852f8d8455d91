"""The script with a cure in it: each block where the script does that kind of thing."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import libcst as cst

from unstuck.changes.change import Role
from unstuck.cures.printed import Block, Names
from unstuck.patch.edits import Edits
from unstuck.patch.ends import first_of_forward
from unstuck.patch.evaluations import evaluating, faster, scaled
from unstuck.patch.held import meets_outputs, names_classes
from unstuck.patch.imports import Imports
from unstuck.patch.makers import maker
from unstuck.patch.places import arrays, behind_binding, of_model, unsplit
from unstuck.patch.roles import Training, argument, of_names, training
from unstuck.patch.sources import base, bindings, lifted
from unstuck.patch.taken import Taken, origin
from unstuck.patch.text import Text
from unstuck.patch.tree import Loop, NotPlaced, Statement, Tree, bound, names, nodes

Printer = Callable[[Names], tuple[Block, ...]]


@dataclass(frozen=True)
class Site:
    """A training to cure.

    Args:
        line: of the innermost frame in the script when training started, from 1.
        framework: "keras", "torch" (with Lightning and skorch) or "sklearn".
        printer: the cure's blocks, in the names that it is given.
        names: of the script's variables there, by role, where they were seen; None where the
            script's code is read for them.
        through: lines of the calls that led there, the innermost first; () where it is not known.
    """

    line: int
    framework: str
    printer: Printer
    names: Mapping[str, str] | None = None
    through: tuple[int, ...] = ()


def patched(source: str, sites: Sequence[Site]) -> str:
    """A script's source with cures in it.

    Raises:
        NotPlaced: no place is safe, with the reason.
    """
    if source.startswith("\ufeff"):
        return "\ufeff" + patched(source[1:], sites)
    new = source
    for site in sites:
        through = tuple(moved(source, new, line) for line in site.through)
        at = replace(site, line=moved(source, new, site.line), through=through)
        new = _Patch(new, at).source()
    return new


def asked_otherwise(source: str, site: Site, cause: str, line: int) -> str:
    """A script's source with its trained model asked as it should be.

    Args:
        site: of the training; its printer is not asked.
        cause: what spoils the answers.
        line: where the model is asked.

    Raises:
        NotPlaced: no place is safe, with the reason.
    """
    if source.startswith("\ufeff"):
        return "\ufeff" + asked_otherwise(source[1:], site, cause, line)
    tree = Tree(source, site.through)
    if cause == "training-mode":
        return evaluating(source, tree, line, site.line)
    if cause == "statistics-lag":
        return faster(source, tree, site.framework)
    return scaled(source, tree, _training(tree, site))


def _training(tree: Tree, site: Site) -> Training:
    if site.names is not None:
        return of_names(tree, site.line, site.names)
    if site.framework not in ("keras", "torch", "sklearn"):
        raise NotPlaced(f"a training of {site.framework}", "Keras, PyTorch or scikit-learn")
    return training(tree, site.line, site.framework)


def moved(old: str, new: str, number: int) -> int:
    """Where a line of the old text stands in the new one."""
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    for block in matcher.get_matching_blocks():
        if block.a <= number - 1 < block.a + block.size:
            return block.b + number - block.a
    return number


SPELT_OUT = {"x": "inputs", "y": "targets"}
# What scikit-learn's wrappers have themselves, once fitted.
OF_WRAPPERS = frozenset({"regressor_", "transformer_", "n_features_in_", "feature_names_in_"})


class _Patch:
    def __init__(self, source: str, site: Site) -> None:
        self._tree = tree = Tree(source, site.through)
        self._by_name = site.names is not None
        self._found = _training(tree, site)
        self._printer = site.printer
        self._text = Text(source, tree)
        self._imports = Imports(tree)
        self._edits = Edits(tree, self._found, self._imports, self._text)
        self._taken = names(tree.module)
        self._single = source.count("'") > source.count('"')
        self._elsewhere = False  # data are changed where the loss, or the network, is given them
        self._names = self._own_names(site)

    def source(self) -> str:
        """The new text."""
        for i, block in enumerate(self._printer(self._names)):
            asked = self._printer(self._names_of_edit(block))[i]
            if block.edits and self._edits.make(asked):
                continue
            if not block.edits and not block.lines:
                if not block.comment:  # another change has done it
                    continue
                raise NotPlaced(f"the script itself does this: {block.comment}")
            if block.edits and not block.lines:
                raise NotPlaced("what the fix changes is not made in sight of the training call")
            if self._by_name and any(".compile(" in line for line in block.lines):
                raise NotPlaced(
                    "a loop that computes its loss and takes its steps itself reads nothing of what"
                    " a model is compiled with",
                    "the change made where the loop does so",
                )
            if block.role is Role.DATA:
                self._data(i)
            elif block.role in (Role.NETWORK, Role.START):
                at_once = block.role is Role.NETWORK
                name, place, behind = of_model(self._tree, self._found, at_once)
                asked = self._printed(i, model=name)
                self._put(asked, asked.lines, place, behind)
                if block.inside:
                    self._through(name, block.inside)
            elif block.role in (Role.LOSS, Role.OPTIMIZER):
                self._object(i, block)
            else:
                node = self._found.node
                self._put(block, block.lines, self._tree.statement(node), False)
        self._imports.write(self._text)
        return self._text.result()

    def _through(self, model: str, inside: str) -> None:
        """What the script reads of the fitted model, read of what was wrapped."""
        for node in nodes(self._tree.module):
            if isinstance(node, cst.Attribute) and self._tree.code(node.value) == model:
                learnt = node.attr.value
                if learnt.endswith("_") and learnt not in OF_WRAPPERS:
                    self._text.replace(node.value, f"{model}.{inside}")

    def _printed(self, i: int, **names: Any) -> Block:
        """A block of the cure, with some names as they read elsewhere."""
        return self._printer(replace(self._names, **names))[i]

    def _own_names(self, site: Site) -> Names:
        roles = self._found.roles
        code = {k: self._tree.code(r.expression) for k, r in roles.items()}
        if self._found.kind == "loop" and self._found.step is not None:
            code = {"optimizer": "", "model": ""} | code
        if "x" in roles and roles["x"].batch is not None:
            # Keras's printer maps what it is given as data, unless that is not the loader.
            if site.framework == "keras" or not self._arrays_in_sight():
                code["loader"] = code["x"]
            code |= {k: k for k in ("x", "y") if k in roles}
        return Names(**code, taken=frozenset(self._taken))

    def _arrays_in_sight(self) -> bool:
        """Whether the script holds what its loader is made of, so that it need not be unpacked."""
        try:
            return bool(arrays(self._tree, self._found))
        except NotPlaced:
            return False

    def _names_of_edit(self, block: Block) -> Names:
        """Names as they read where an edit's object is made."""
        if not block.edits or "model" not in self._found.roles:
            return self._names
        of = getattr(block.edits[0], "of", "")
        node = maker(self._tree, self._found, of)
        inside = self._tree.function(node) if node is not None else None
        if node is None or inside is self._tree.function(self._found.node):
            return self._names
        if self._found.kind == "lightning":
            return replace(self._names, model="self")
        e, _ = lifted(self._tree, self._found.roles["model"].expression, self._found.node)
        named = isinstance(e, cst.Name | cst.Attribute)
        return replace(self._names, model=self._tree.code(e)) if named else self._names

    def _data(self, i: int) -> None:
        """Lines that change arrays, for the training's and for those held out beside them."""
        block = self._printer(self._names)[i]
        try:
            given = arrays(self._tree, self._found, block.by_row or block.recodes)
        except NotPlaced:
            if self._in_batches() or self._in_forward():
                return
            raise
        if block.whole:
            given = unsplit(self._tree, given)
        elif not (block.by_row or block.recodes or any("torch." in x for x in block.lines)):
            given = {n: origin(self._tree, t) for n, t in given.items()}
        if block.by_row:
            given = {n: replace(t, held=self._met(t.held)) for n, t in given.items()}
        if block.recodes and names_classes(self._tree, self._found.node):
            given = {n: replace(t, held=()) for n, t in given.items()}
        used = [n for n in ("x", "y") if n in block.reads | block.writes]
        missing = [n for n in used if n not in given]
        if missing:
            raise NotPlaced(
                self._found.missing.get(missing[0], f"the script's {missing[0]} is not to be seen")
            )
        code: dict[str, str] = {}
        made: list[str] = []
        for n in used:
            t = given[n]
            code[n] = self._tree.code(t.expression) if t.named else self._named(n, t, made)
            if not t.named and (name := self._validation(n, t, made)):
                given[n] = replace(t, held=(name,))
        main = given[used[0] if used else "x"]
        printed = self._printed(i, **code)
        lines = list(printed.lines)
        apply: dict[str, list[str]] = {}
        rounds = max((len(given[n].held) for n in used), default=0)
        for k in range(rounds):
            held = {n: given[n].held[k] for n in used if k < len(given[n].held)}
            beside = {f"{n}_held": h for n, h in held.items()}
            asked = self._printed(i, **code, **beside)
            apply["".join(held.values())] = [x for x in asked.lines if x not in lines]
            for h in held.values():
                self._of_held(h, apply["".join(held.values())])
        everything = [given[n] for n in used]
        wanted = [cst.parse_expression(t.whole) for t in everything if t.named]
        early = [
            h for t in everything for h in t.held
            if _first(self._tree, h, main.node) < self._tree.line(main.node)
        ]  # fmt: skip
        wanted += [cst.parse_expression(h) for h in early]
        parts = {n for t in everything if t.named for n in names(t.expression)}
        parts |= {base(cst.parse_expression(h)) for h in early} - {""}
        also = [cst.parse_expression(n) for n in sorted(parts)]
        at_once = self._reads_what_was_made_of(wanted, main.node)
        if at_once:  # behind both of them: one may be made of the other
            also += [r.expression for n, r in self._found.roles.items() if n in ("x", "y")]
        place, behind = behind_binding(self._tree, wanted, main.node, at_once, also)
        if made:
            place, behind = self._tree.statement(main.node), False
        for t in everything:
            if t.named and t.whole != self._tree.code(t.expression):  # a slice: all is changed
                own = f"{self._tree.code(t.expression)} = "
                loops = [a for a in self._tree.above(t.node) if isinstance(a, Loop)]
                if any(names(t.expression) & bound(loop) for loop in loops):
                    raise NotPlaced(f"{own[:-3]!r} differs from round to round of a loop")
                if not any(x.startswith(f"{t.whole} = ") for v in apply.values() for x in v):
                    raise NotPlaced(f"{own[:-3]!r} is a part of an array, which the fix replaces")
                lines = [x for x in lines if not x.startswith(own)]
        late: list[tuple[str, list[str]]] = []
        for name, extra in apply.items():
            owners = [h for t in everything for h in t.held if h in name]
            if any(h not in early for h in owners) and owners[0] not in [
                t.whole for t in everything
            ]:
                late.append((owners[-1], extra))
            else:
                lines += extra
        self._put(printed, [*made, *lines], place, behind)
        for name, extra in late:
            last = self._bound(name, main.node)
            self._put(replace(printed, comment=""), extra, self._tree.statement(last[-1]), True)

    def _met(self, held: tuple[str, ...]) -> tuple[str, ...]:
        """Of what is held out, what meets the model's outputs as they are."""
        return tuple(h for h in held if meets_outputs(self._tree, h))

    def _in_batches(self) -> bool:
        """Whether targets were changed batch by batch, where the loss is given them."""
        role = self._found.roles.get("y")
        if role is None or role.holder is None or role.batch is None:
            return False
        own = self._tree.code(role.holder)
        blocks = self._printer(replace(self._names, y=own, y_held="", loader=""))
        data = [b for b in blocks if b.role is Role.DATA]
        if len(data) != 1 or not data[0].by_row:
            return False
        if not self._elsewhere:
            self._text.replace(role.holder, data[0].lines[0].removeprefix(f"{own} = "))
        self._elsewhere = True
        return True

    def _in_forward(self) -> bool:
        """Whether inputs were changed where the model's forward pass begins, as all of them pass
        there, those held out too."""
        blocks = self._printer(replace(self._names, loader=""))
        data = [b.inward for b in blocks if b.role is Role.DATA]
        if len(data) != 1 or data[0] is None:
            return False
        found = first_of_forward(self._tree, data[0].kind)
        if found is None:
            return False
        name, statement = found
        if not self._elsewhere:
            self._text.before(statement, [f"{name} = {data[0].code.format(name)}"])
        self._elsewhere = True
        return True

    def _reads_what_was_made_of(self, wanted: list[cst.BaseExpression], node: cst.CSTNode) -> bool:
        """Whether a training reads something made of these arrays, and none of them itself."""
        around = [a for a in self._tree.above(node) if isinstance(a, Loop)]
        read = names(around[-1] if around else self._tree.statement(node))
        return self._by_name and not read & {self._tree.code(e) for e in wanted}

    def _bound(self, name: str, node: cst.CSTNode) -> list[cst.CSTNode]:
        return _bindings(self._tree, name, node)

    def _of_held(self, name: str, lines: list[str]) -> None:
        if not any(x.startswith(f"{name} = ") for x in lines):
            lines.clear()

    def _named(self, n: str, taken: Taken, made: list[str]) -> str:
        """A name for an expression, which stands wherever the script writes the same."""
        candidates = (SPELT_OUT[n], f"{n}_train", f"{n}_scaled", f"{n}_own")
        return self._new(candidates, taken.expression, taken.node, made)

    def _new(
        self,
        candidates: Sequence[str],
        expression: cst.BaseExpression,
        node: cst.CSTNode,
        made: list[str],
    ) -> str:
        """The first of the names that is free, for an expression wherever the script hands the
        same on from a node on."""
        wanted = self._tree.code(expression)
        name = next(c for c in candidates if c not in self._taken)
        self._taken.add(name)
        line, home = self._tree.line(node), self._tree.function(node)
        for a in nodes(self._tree.module):
            same = isinstance(a, cst.Arg | cst.Element) and self._tree.code(a.value) == wanted
            same = same and not getattr(a, "star", "")
            if same and self._tree.line(a) >= line and self._tree.function(a) is home:
                self._text.replace(a.value, name)  # type: ignore[attr-defined]
        made.append(f"{name} = {wanted}")
        return name

    def _validation(self, n: str, taken: Taken, made: list[str]) -> str:
        """What the training call is given as validation data, where that has a name or is given
        one; "" where there is none."""
        call = self._found.node
        found = argument(call, 10**9, "validation_data") if isinstance(call, cst.Call) else None
        if found is None or not isinstance(found.value, cst.Tuple):
            return ""
        elements = found.value.elements
        at = {"x": 0, "y": 1}[n]
        if at >= len(elements):
            return ""
        e = elements[at].value
        if isinstance(e, cst.Name):
            return e.value
        candidates = (f"{SPELT_OUT[n]}_held", f"{n}_validation", f"{n}_held_out")
        return self._new(candidates, e, taken.node, made)

    def _object(self, i: int, block: Block) -> None:
        """Lines that make a loss or optimizer: behind the script's own."""
        kind = "loss" if block.role is Role.LOSS else "optimizer"
        role = self._found.roles.get(kind)
        asked = self._printer(self._names)[i]
        if role is None or not isinstance(role.expression, cst.Name | cst.Attribute):
            if kind in block.writes:
                raise NotPlaced(f"the script's {kind} has no name before training")
            return self._put(asked, asked.lines, self._tree.statement(self._found.node), False)
        e, node = lifted(self._tree, role.expression, self._found.node)
        if not isinstance(e, cst.Name | cst.Attribute) or not self._bound(self._tree.code(e), node):
            raise NotPlaced(f"where the script makes its {kind} is not to be seen")
        changed = {kind: self._tree.code(e)}
        if "model" in self._found.roles:
            model, at = lifted(self._tree, self._found.roles["model"].expression, self._found.node)
            same = self._tree.function(at) is self._tree.function(node)
            if same and isinstance(model, cst.Name | cst.Attribute):
                changed["model"] = self._tree.code(model)
        asked = self._printed(i, **changed)
        place, behind = behind_binding(self._tree, [e], node)
        if "model" in changed and kind == "optimizer":
            place, behind = self._behind_model(e, node, changed["model"], place, behind)
        self._put(asked, asked.lines, place, behind)

    def _behind_model(
        self, e: cst.BaseExpression, node: cst.CSTNode, model: str, place: Statement, behind: bool
    ) -> tuple[Statement, bool]:
        """Where the model is replaced after its optimizer was made: there, the old one taken out.

        The script's own line goes where nothing reads what it makes in between.
        """
        later, after = behind_binding(self._tree, [cst.parse_expression(model)], node)
        line = self._tree.line
        if not behind or not after or line(later) <= line(place):
            return place, behind
        name = self._tree.code(e)
        read = [
            s
            for s in nodes(self._tree.module)
            if isinstance(s, cst.SimpleStatementLine)
            and line(place) < line(s) <= line(later)
            and name in names(s)
        ]
        if read:
            raise NotPlaced(f"line {line(read[0])} holds the old {name}, and the model comes later")
        own = place.body if isinstance(place, cst.SimpleStatementLine) else ()
        if len(own) == 1 and isinstance(own[0], cst.Assign):  # no call that reads it
            self._text.out(place)
        return later, True

    def _put(self, block: Block, lines: Sequence[str], place: Statement, behind: bool) -> None:
        said = [f"# {block.comment}"] if block.comment else []
        code = self._imports.own("\n".join([*said, *lines]), block.imports)
        if self._single:
            code = re.sub(r'"([^"\'\\\n]*)"', r"'\1'", code)
        if lines:
            (self._text.behind if behind else self._text.before)(place, code.split("\n"))


def _first(tree: Tree, name: str, node: cst.CSTNode) -> int:
    return min((tree.line(b) for b in _bindings(tree, name, node)), default=0)


def _bindings(tree: Tree, name: str, node: cst.CSTNode) -> list[cst.CSTNode]:
    """What binds a name, or the object that an attribute is of."""
    e = cst.parse_expression(name)
    return bindings(tree, e, node) or bindings(tree, cst.Name(base(e) or "_"), node)
