"""A fix's code, renamed for the script it goes into."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import libcst as cst

from unstuck.patch.tree import NotPlaced, names, nodes, targets

ROLES = ("model", "x", "y", "loss", "optimizer", "loader")
Line = cst.SimpleStatementLine | cst.BaseCompoundStatement


@dataclass(frozen=True, eq=False)
class Snippet:
    """What a fix does, in order.

    Args:
        imports: at its head.
        body: all other statements.
        comments: at its end.
    """

    imports: list[cst.Import | cst.ImportFrom]
    body: list[Line]
    comments: list[str]

    @property
    def assigned(self) -> set[str]:
        """Names that the statements bind, functions' own left out."""
        return set().union(*map(_made, self.body))

    @property
    def needed(self) -> set[str]:
        """Roles that are read before the code itself has made them."""
        made: set[str] = set()
        found: set[str] = set()
        for s in self.body:
            found |= (read(s) & set(ROLES)) - made
            made |= _made(s)
        return found


def _made(s: Line) -> set[str]:
    """Names that a statement binds."""
    inner = [s] if isinstance(s, cst.FunctionDef | cst.ClassDef) else nodes(s, inner=False)
    return {
        t.value
        for n in inner
        if not isinstance(n, cst.CompFor)
        for t in targets(n)
        if isinstance(t, cst.Name)
    }


def snippet(code: str) -> Snippet:
    """The parts of a fix's code.

    Raises:
        NotPlaced: there is nothing in it to run.
    """
    module = cst.parse_module(code)
    imports: list[cst.Import | cst.ImportFrom] = []
    body: list[Line] = []
    for statement in module.body:
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if isinstance(small, cst.Import | cst.ImportFrom):
            imports.append(small)
        else:
            body.append(statement)
    comments = [line.comment.value for line in (*module.header, *module.footer) if line.comment]
    if not body and not any("clip_grad_norm_" in c for c in comments):
        told = " ".join(c.lstrip("# ") for c in comments)
        raise NotPlaced("the fix is a change by hand" + (f": {told}" if told else ""))
    if any("in the step:" in c for c in comments):
        raise NotPlaced("the loss inside the training step must be changed by hand")
    if body:
        body[0] = body[0].with_changes(leading_lines=[])
    return Snippet(imports, body, comments)


def read(node: cst.CSTNode) -> set[str]:
    """Names a statement reads; what functions take as parameters is theirs."""
    if isinstance(node, cst.FunctionDef):
        own = {p.name.value for p in nodes(node.params) if isinstance(p, cst.Param)}
        return read(node.body) - own
    if isinstance(node, cst.Assign):
        plain = [t.target for t in node.targets if not isinstance(t.target, cst.Name | cst.Tuple)]
        return read(node.value) | set().union(*(names(t) for t in plain))
    if isinstance(node, cst.Name):
        return {node.value}
    if isinstance(node, cst.Attribute | cst.Arg):
        return read(node.value)
    return set().union(*(read(child) for child in node.children))


class OfLoader(cst.CSTTransformer):
    """`getattr(x, "dataset", None) or …`, where x is known to be a loader."""

    def leave_BooleanOperation(
        self, o: cst.BooleanOperation, updated: cst.BooleanOperation
    ) -> cst.BaseExpression:
        left = cst.Module([]).code_for_node(updated.left)
        return updated.left if left == 'getattr(x, "dataset", None)' else updated


class Dense(cst.CSTTransformer):
    """Empty lines without white space."""

    def leave_EmptyLine(self, o: cst.EmptyLine, updated: cst.EmptyLine) -> cst.EmptyLine:
        return updated if updated.comment else updated.with_changes(indent=False)


class Renamed(cst.CSTTransformer):
    """Names of a fix as expressions of the script; parameters of functions stay theirs.

    Args:
        to: what stands for each name.
    """

    def __init__(self, to: Mapping[str, cst.BaseExpression]) -> None:
        super().__init__()
        self.to, self.hidden = to, list[set[str]]()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.hidden.append({p.name.value for p in nodes(node.params) if isinstance(p, cst.Param)})

    def leave_FunctionDef(self, o: cst.FunctionDef, updated: cst.FunctionDef) -> cst.FunctionDef:
        self.hidden.pop()
        return updated

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:
        if any(original_node.value in hidden for hidden in self.hidden):
            return updated_node
        new = self.to.get(original_node.value, updated_node)
        return new.deep_clone() if new is not updated_node else updated_node

    def leave_Attribute(self, o: cst.Attribute, updated: cst.Attribute) -> cst.BaseExpression:
        updated = updated.with_changes(attr=o.attr)
        whole = cst.Module([]).code_for_node(updated)
        return updated if whole not in self.to else self.to[whole].deep_clone()

    def leave_Arg(self, o: cst.Arg, updated: cst.Arg) -> cst.Arg:
        return updated.with_changes(keyword=o.keyword)

    def leave_Param(self, o: cst.Param, updated: cst.Param) -> cst.Param:
        return updated.with_changes(name=o.name)

    def leave_Comment(self, o: cst.Comment, updated: cst.Comment) -> cst.Comment:
        return updated.with_changes(value=self.words(o.value))

    def lines(self, statements: list[Line]) -> list[Line]:
        """Statements in the script's names."""
        renamed = cst.Module(statements).visit(self)
        assert isinstance(renamed, cst.Module)
        renamed = renamed.visit(Dense())
        return list(renamed.body)

    def words(self, comment: str) -> str:
        """A comment in the script's names."""
        code = cst.Module([]).code_for_node
        return re.sub(
            r"(?<![\w.])[A-Za-z_]\w*(?!\w|=)",
            lambda m: code(self.to[m[0]]) if m[0] in self.to else m[0],
            comment,
        )


def fresh(name: str, taken: set[str]) -> str:
    """A name like this one that is not taken yet, and now is."""
    new, i = name, 1
    while new in taken:
        new, i = f"{name}_{i}", i + 1
    taken.add(new)
    return new
