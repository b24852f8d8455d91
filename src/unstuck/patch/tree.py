"""A script as a syntax tree that knows positions, parents and which names are bound where."""

from collections.abc import Iterator

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, ParentNodeProvider, PositionProvider

from unstuck.errors import UsageError

Loop = cst.For | cst.While
Scope = cst.FunctionDef | cst.ClassDef | cst.Lambda
Statement = cst.SimpleStatementLine | cst.SimpleStatementSuite | cst.BaseCompoundStatement


class NotPlaced(UsageError):
    """A fix that cannot be put into the script safely, with the reason."""


class Tree:
    """A parsed script.

    Args:
        through: lines of the calls that led to what is looked for; () where it is not known.

    Raises:
        NotPlaced: it cannot be parsed.
    """

    def __init__(self, source: str, through: tuple[int, ...] = ()) -> None:
        self.through = through
        try:
            parsed = cst.parse_module(source)
        except cst.ParserSyntaxError as error:
            raise NotPlaced(f"the script cannot be parsed: {error.message}") from error
        wrapper = MetadataWrapper(parsed, unsafe_skip_copy=True)
        self.module = wrapper.module
        self._parents = wrapper.resolve(ParentNodeProvider)
        self._positions = wrapper.resolve(PositionProvider)

    def line(self, node: cst.CSTNode) -> int:
        """The line where a node starts, from 1."""
        return int(self._positions[node].start.line)

    def last_line(self, node: cst.CSTNode) -> int:
        """The line where a node ends, from 1."""
        return int(self._positions[node].end.line)

    def place(self, node: cst.CSTNode) -> CodeRange:
        """Where a node starts and ends: lines from 1, columns from 0."""
        place = self._positions[node]
        assert isinstance(place, CodeRange)
        return place

    def covers(self, node: cst.CSTNode, line: int) -> bool:
        """Whether a line lies within a node."""
        place = self._positions[node]
        return bool(place.start.line <= line <= place.end.line)

    def above(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around a node, from the inside."""
        while (node := self._parents.get(node)) is not None:  # type: ignore[assignment]
            yield node

    def statement(self, node: cst.CSTNode) -> Statement:
        """The whole statement that a node belongs to, before which lines can be put.

        Raises:
            NotPlaced: it may be evaluated more than once, or never.
        """
        inside = node
        for above in (node, *self.above(node)):
            if isinstance(above, cst.Lambda | cst.CompFor | cst.BaseComp | cst.Decorator):
                raise NotPlaced("the training call stands in a lambda or a comprehension")
            if isinstance(above, cst.IfExp | cst.BooleanOperation):
                raise NotPlaced("the training call stands in a conditional expression")
            if isinstance(above, cst.SimpleStatementLine | cst.SimpleStatementSuite):
                return above
            if isinstance(above, cst.BaseCompoundStatement):
                if isinstance(above, cst.If | cst.While):
                    raise NotPlaced("the training call stands in a condition")
                return above
            inside = above
        raise NotPlaced(f"no statement around {self.code(inside)!r}")

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function around a node."""
        return next((n for n in self.above(node) if isinstance(n, cst.FunctionDef)), None)

    def code(self, node: cst.CSTNode) -> str:
        """A node as it is written."""
        return self.module.code_for_node(node).strip()


def nodes(root: cst.CSTNode, inner: bool = True) -> Iterator[cst.CSTNode]:
    """A node and all below, in the order of the text.

    Args:
        inner: also what functions and classes below hold.
    """
    yield root
    for child in root.children:
        if inner or not isinstance(child, Scope):
            yield from nodes(child, inner)
        elif isinstance(child, cst.FunctionDef | cst.ClassDef):
            yield child


def names(node: cst.CSTNode) -> set[str]:
    """Names that an expression or statement reads or binds; no attributes, no keywords."""
    if isinstance(node, cst.Name):
        return {node.value}
    if isinstance(node, cst.Attribute):
        return names(node.value)
    if isinstance(node, cst.Arg):
        return names(node.value)
    if isinstance(node, cst.ImportFrom) and not isinstance(node.names, cst.ImportStar):
        return set().union(*(names(alias) for alias in node.names))
    return set().union(*(names(child) for child in node.children))


def targets(node: cst.CSTNode) -> list[cst.BaseExpression]:
    """What one node binds: names, attributes, elements."""
    found: list[cst.BaseExpression] = []
    if isinstance(node, cst.Assign):
        found = [t.target for t in node.targets]
    elif isinstance(node, cst.AnnAssign | cst.AugAssign | cst.NamedExpr | cst.For | cst.CompFor):
        found = [node.target]
    elif isinstance(node, cst.AsName | cst.FunctionDef | cst.ClassDef):
        found = [node.name]
    elif isinstance(node, cst.ImportAlias) and node.asname is None:
        first: cst.BaseExpression = node.name
        while isinstance(first, cst.Attribute):
            first = first.value
        found = [first]
    flat = []
    while found:
        target = found.pop(0)
        if isinstance(target, cst.Tuple | cst.List):
            found = [e.value for e in target.elements] + found
        else:
            flat.append(target)
    return flat


def bound(root: cst.CSTNode) -> set[str]:
    """What is bound below, nested functions left out, as written: "model", "self.model"."""
    code = cst.Module([]).code_for_node
    return {code(t).strip() for n in nodes(root, inner=False) for t in targets(n)}


def parameters(function: cst.FunctionDef) -> list[str]:
    """Names of a function's parameters, in order."""
    p = function.params
    return [q.name.value for q in (*p.posonly_params, *p.params, *p.kwonly_params)]
