"""The script with a fix in it."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import libcst as cst

from unstuck.patch import pipelines
from unstuck.patch.bind import Bound, bind
from unstuck.patch.imports import Imports, imports
from unstuck.patch.roles import Training, argument, training
from unstuck.patch.site import Site, site
from unstuck.patch.snippet import (
    ROLES,
    Line,
    OfLoader,
    Renamed,
    Snippet,
    fresh,
    read,
    snippet,
)
from unstuck.patch.tree import NotPlaced, Tree, names

MARK = "# unstuck: the proven fix"


def patched(source: str, line: int, framework: str, code: str) -> str:
    """A script's source with a proven fix where the training call stands.

    Args:
        line: of the innermost frame in the script when training started, from 1.
        framework: "keras", "torch" (with Lightning and skorch) or "sklearn".
        code: of the fix, in its own names; see `unstuck.proofs.fix.Fix.code`.

    Raises:
        NotPlaced: no place is safe, with the reason.
    """
    if source.startswith("\ufeff"):
        return "\ufeff" + patched(source[1:], line, framework, code)
    tree = Tree(source)
    if framework not in ("keras", "torch", "sklearn"):
        raise NotPlaced(f"a training of {framework}", "one of Keras, PyTorch or scikit-learn")
    found = training(tree, line, framework)
    fix = snippet(code)
    if "model" not in found.roles:
        raise NotPlaced("the model of the training call cannot be read")
    if found.kind == "sklearn":
        fix = pipelines.placed(tree, found, fix)
    if found.kind == "lightning" and "optimizer" in fix.assigned:
        own = "model.configure_optimizers = lambda: optimizer"
        fix = replace(fix, body=[*fix.body, cst.parse_statement(own)])
    here = site(tree, found, fix.assigned & set(ROLES))
    _not_twice(tree, here)
    if "x" in here.roles and here.roles["x"].batch is not None:
        fix = replace(fix, body=[s.visit(OfLoader()) for s in fix.body])  # type: ignore[misc]
    taken = names(tree.module)
    have = imports(tree, fix.imports, taken)
    told = bind(tree, found, here, fix, taken)
    to = have.names | told.names
    for name in sorted(fix.assigned - set(ROLES)):
        new = fresh(name, taken)
        if new != name:
            to[name] = cst.Name(new)
    renamed = Renamed(to)
    body = renamed.lines(fix.body)
    comments = [c for c in map(renamed.words, fix.comments) if "clip_grad_norm_" not in c]
    comments = [c for c in comments if "between loss.backward" not in c] + told.comments
    return _Writer(tree, here, found, fix, have, told, body, comments, renamed).source()


def _not_twice(tree: Tree, here: Site) -> None:
    for above in tree.above(here.statement):
        body = getattr(above, "body", ())
        for s in body if isinstance(body, list | tuple) else ():
            if any(e.comment and MARK in e.comment.value for e in getattr(s, "leading_lines", ())):
                raise NotPlaced(f"a fix is there already, in line {tree.line(s)}")


class _Writer(cst.CSTTransformer):
    """Puts new statements and changed expressions into a tree."""

    def __init__(
        self,
        tree: Tree,
        here: Site,
        found: Training,
        fix: Snippet,
        have: Imports,
        told: Bound,
        body: list[Line],
        comments: list[str],
        renamed: Renamed,
    ) -> None:
        super().__init__()
        self.tree, self.here, self.have = tree, here, have
        self.edits: dict[cst.CSTNode, cst.BaseExpression] = dict(told.edits)
        self.before: dict[cst.CSTNode, list[Line]] = {}
        self.after: dict[cst.CSTNode, list[Line]] = {}
        self.at_top: list[Line] = []
        own = [cst.parse_statement(line) for line in have.lines]
        lines = [*(own if have.inline else ()), *told.lines, *body]
        first, top = here.statement, self._top(here.statement)
        if top is not first and not have.inline:
            apart = [s for s in lines if _alone(s, fix, renamed)]
            lines = [
                _close(s) if b in apart and s not in apart else s
                for b, s in pairwise([None, *lines])
            ]
            lines = [s for s in lines if s not in apart]
            if apart:
                gap = [cst.EmptyLine(indent=False)] * 2
                rest = [s.with_changes(leading_lines=gap) for s in apart[1:]]
                self.before[top] = [apart[0].with_changes(leading_lines=()), *rest]
        self.comments = comments
        if lines or comments:
            self.before[first] = lines
        if own and not have.inline:
            if have.after is not None:
                self.after[have.after] = own
            else:
                self.at_top = own
        self._clip(found, fix, renamed)
        self._shuffle(found, fix)

    def source(self) -> str:
        """The whole script."""
        module = self.tree.module.visit(self)
        assert isinstance(module, cst.Module)
        text = module.code
        try:
            compile(text, "<patched>", "exec")
        except SyntaxError as error:
            raise NotPlaced(f"the patched script would not compile: {error}") from error
        return text

    def _top(self, statement: cst.CSTNode) -> cst.CSTNode:
        return [statement, *self.tree.above(statement)][-2]

    def _clip(self, found: Training, fix: Snippet, renamed: Renamed) -> None:
        """A line before the optimizer's step, which fixes have as a comment."""
        for comment in fix.comments:
            if "clip_grad_norm_" not in comment:
                continue
            if found.step is None:
                raise NotPlaced("gradients are clipped inside the training step, which is not here")
            text = comment.lstrip("# ")
            model = found.roles["model"].expression
            own = {**renamed.to, "model": model}
            new = Renamed(own).lines([cst.parse_statement(text)])
            place = self.tree.statement(found.step)
            self.before.setdefault(place, []).extend(new)

    def _shuffle(self, found: Training, fix: Snippet) -> None:
        """`shuffle=False` of the training call, where a fix says otherwise."""
        code = cst.Module(fix.body).code
        if "shuffle=True)" in code and found.kind == "fit" and isinstance(found.node, cst.Call):
            arg = argument(found.node, 10**6, "shuffle")
            if arg is not None:
                self.edits[arg] = cst.Name("True")

    def on_leave(self, original_node: Any, updated_node: Any) -> Any:
        """Replaces and inserts."""
        updated: Any = super().on_leave(original_node, updated_node)
        if original_node in self.edits:
            new = self.edits[original_node]
            return updated.with_changes(value=new) if isinstance(updated, cst.Arg) else new
        if original_node in self.before:
            updated = self._inserted(original_node, updated)
        if original_node in self.after:
            updated = cst.FlattenSentinel([updated, *self.after[original_node]])
        function = self.here.function
        if self.here.declared and function is not None and original_node is function.body:
            updated = self._declared(updated)
        if isinstance(original_node, cst.Module) and self.at_top:
            updated = updated.with_changes(body=self._headed(list(updated.body)))
        return updated

    def _inserted(self, original: cst.CSTNode, updated: Any) -> Any:
        lines = list(self.before[original])
        main = original is self.here.statement
        comments = self.comments if main else []
        if isinstance(updated, cst.SimpleStatementSuite):
            line = cst.SimpleStatementLine(
                updated.body, trailing_whitespace=updated.trailing_whitespace
            )
            return cst.IndentedBlock([*self._marked(lines, line, comments, main)])
        if isinstance(updated, cst.SimpleStatementLine) and main:
            at = self._small(original)
            if at:
                head = updated.with_changes(
                    body=[
                        *updated.body[: at - 1],
                        updated.body[at - 1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT),
                    ],
                    trailing_whitespace=cst.TrailingWhitespace(),
                )
                rest = updated.with_changes(body=updated.body[at:], leading_lines=())
                return cst.FlattenSentinel([head, *self._marked(lines, rest, comments, main)])
        return cst.FlattenSentinel(self._marked(lines, updated, comments, main))

    def _small(self, line: cst.CSTNode) -> int:
        """Which of the statements of a line the training call is in."""
        assert isinstance(line, cst.SimpleStatementLine)
        around = {self.here_node, *self.tree.above(self.here_node)}
        return next((i for i, s in enumerate(line.body) if s in around), 0)

    @property
    def here_node(self) -> cst.CSTNode:
        return self.here.node or self.here.statement

    def _marked(
        self, lines: list[Line], last: cst.CSTNode, comments: list[str], main: bool
    ) -> list[Any]:
        """The new lines under their mark, and the comments, before a statement."""
        leading = list(getattr(last, "leading_lines", ()))
        blank = next((i for i, e in enumerate(leading) if e.comment), len(leading))
        said = [cst.EmptyLine(comment=cst.Comment(c)) for c in comments]
        if not lines:
            mark = [cst.EmptyLine(comment=cst.Comment(MARK))] if said else []
            new = [*leading[:blank], *mark, *said, *leading[blank:]]
            return [last.with_changes(leading_lines=new)]
        mark = [cst.EmptyLine(comment=cst.Comment(MARK))] if main else []
        old = [e for e in lines[0].leading_lines if e.comment]
        first = lines[0].with_changes(leading_lines=[*leading[:blank], *mark, *old])
        gap = leading[:blank] if not main else []
        return [
            first,
            *lines[1:],
            last.with_changes(leading_lines=[*said, *gap, *leading[blank:]]),
        ]

    def _declared(self, body: cst.CSTNode) -> cst.CSTNode:
        if not isinstance(body, cst.IndentedBlock):
            raise NotPlaced("the function around the training call is on one line")
        at = int(_is_text(body.body[0]))
        line = cst.parse_statement(f"global {', '.join(self.here.declared)}")
        return body.with_changes(body=[*body.body[:at], line, *body.body[at:]])

    def _headed(self, body: list[Line]) -> list[Line]:
        """New imports behind the docstring and `from __future__`."""
        at = 0
        for i, s in enumerate(body):
            future = "from __future__" in cst.Module([s]).code if i < 20 else False
            if (i == 0 and _is_text(s)) or (future and isinstance(s, cst.SimpleStatementLine)):
                at = i + 1
        if at == 0 and body:
            first = body[0]
            new = [self.at_top[0].with_changes(leading_lines=first.leading_lines)]
            return [*new, *self.at_top[1:], first.with_changes(leading_lines=()), *body[1:]]
        return [*body[:at], *self.at_top, *body[at:]]


def _is_text(s: cst.CSTNode) -> bool:
    return (
        isinstance(s, cst.SimpleStatementLine)
        and isinstance(s.body[0], cst.Expr)
        and isinstance(s.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _close(s: Line) -> Line:
    """Without blank lines before it."""
    return s.with_changes(leading_lines=[e for e in s.leading_lines if e.comment])


def _alone(s: cst.CSTNode, fix: Snippet, renamed: Renamed) -> bool:
    """Whether a function or class needs nothing that the fix computes."""
    if not isinstance(s, cst.FunctionDef | cst.ClassDef):
        return False
    code = cst.Module([]).code_for_node
    own = {code(renamed.to.get(n, cst.Name(n))) for n in fix.assigned}
    return not (read(s) & (own - {s.name.value}))
