"""Changes to a text at places of its syntax tree; all else stays as it is."""

import libcst as cst

from unstuck.patch.tree import NotPlaced, Statement, Tree


class Text:
    """A source and what is to change in it.

    Args:
        source: with its own newlines.
    """

    def __init__(self, source: str, tree: Tree) -> None:
        self._source, self._tree = source, tree
        self._newline = "\r\n" if "\r\n" in source else "\n"
        self._starts = [0]
        for line in _lines(source):
            self._starts.append(self._starts[-1] + len(line))
        self._changes: list[tuple[int, int, int, str]] = []

    def replace(self, node: cst.CSTNode, code: str) -> None:
        """Another expression in a node's place."""
        first, last = self._span(node)
        self._add(first, last, code)

    def put(self, node: cst.CSTNode, code: str, *, behind: bool = False) -> None:
        """Code right before or behind a node, on its line."""
        first, last = self._span(node)
        at = last if behind else first
        self._add(at, at, code)

    def before(self, statement: Statement, lines: list[str]) -> None:
        """Lines above a statement."""
        at = self._starts[self._tree.line(statement) - 1]
        indent = self._source[at : self._span(statement)[0]]
        self._lines(at, lines, indent)

    def behind(self, statement: Statement, lines: list[str]) -> None:
        """Lines below a statement."""
        at = self._starts[self._tree.line(statement) - 1]
        indent = self._source[at : self._span(statement)[0]]
        self._lines(self._starts[self._tree.last_line(statement)], lines, indent)

    def out(self, statement: Statement) -> None:
        """Takes a statement out with its lines."""
        first = self._starts[self._tree.line(statement) - 1]
        self._add(first, self._starts[self._tree.last_line(statement)], "")

    def argument_out(self, argument: cst.Arg) -> None:
        """Takes an argument out of its call, with the comma that parts it from the next."""
        call = next(self._tree.above(argument))
        assert isinstance(call, cst.Call)
        at = next(i for i, a in enumerate(call.args) if a is argument)
        first, last = (
            self._span(argument.keyword or argument.value)[0],
            self._span(argument.value)[1],
        )
        if at + 1 < len(call.args):
            following = call.args[at + 1]
            last = self._span(following.keyword or following.value)[0]
        elif at:
            first = self._span(call.args[at - 1].value)[1]
        self._add(first, last, "")

    def at_line(self, line: int, lines: list[str]) -> None:
        """Lines above a line of the text, from 1."""
        self._lines(self._starts[line - 1], lines, "")

    def result(self) -> str:
        """The text with all changes.

        Raises:
            NotPlaced: two of them touch the same place, or it would not compile.
        """
        new, end = [], 0
        for first, last, _, code in sorted(self._changes, key=lambda c: (c[0], c[2])):
            if first < end:
                raise NotPlaced("two parts of the fix change the same expression of the script")
            new += [self._source[end:first], code]
            end = max(end, last)
        text = "".join([*new, self._source[end:]])
        try:
            compile(text.removeprefix("\ufeff"), "<patched>", "exec", dont_inherit=True)
        except SyntaxError as error:
            raise NotPlaced(f"the patched script would not compile: {error}") from error
        return text

    def _lines(self, at: int, lines: list[str], indent: str) -> None:
        if indent.strip():
            raise NotPlaced("the place shares its line with another statement")
        rows = [row for line in lines for row in line.split("\n")]
        code = "".join(f"{indent}{r}{self._newline}" if r else self._newline for r in rows)
        if at and at == len(self._source) and not self._source.endswith("\n"):
            code = self._newline + code.removesuffix(self._newline)
        self._add(at, at, code)

    def _add(self, first: int, last: int, code: str) -> None:
        self._changes.append((first, last, len(self._changes), code))

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        place = self._tree.place(node)
        return (
            self._starts[place.start.line - 1] + place.start.column,
            self._starts[place.end.line - 1] + place.end.column,
        )


def _lines(text: str) -> list[str]:
    """Split at the newlines that Python knows, with them."""
    rows: list[str] = []
    start = i = 0
    while i < len(text):
        if text[i] == "\n" or (text[i] == "\r" and text[i + 1 : i + 2] != "\n"):
            rows.append(text[start : i + 1])
            start = i + 1
        i += 1
    return [*rows, text[start:]] if start < len(text) else rows
