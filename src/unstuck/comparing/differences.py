"""What two scripts differ in, as parts that can be exchanged one by one."""

import ast
import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

Span = tuple[int, int]  # lines from, to (exclusive), from 0


@dataclass(frozen=True)
class Part:
    """A difference: some stretches of the first script, and their places in the second.

    Args:
        spans: (of the first, of the second), in order.
    """

    spans: tuple[tuple[Span, Span], ...]


@dataclass(frozen=True)
class Pair:
    """Two scripts and their parts.

    Args:
        first, second: their lines, with line ends.
        parts: in the order of the lines.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    parts: tuple[Part, ...]

    def text(self, chosen: Iterable[int]) -> str:
        """The first script with these parts of the second."""
        spans = sorted(span for i in chosen for span in self.parts[i].spans)
        lines, at = [], 0
        for (start, end), (low, high) in spans:
            lines += [*self.first[at:start], *self.second[low:high]]
            at = end
        return "".join([*lines, *self.first[at:]])

    def reversed(self) -> "Pair":
        """The second script with parts of the first."""
        parts = (Part(tuple((b, a) for a, b in part.spans)) for part in self.parts)
        return Pair(self.second, self.first, tuple(parts))

    def diff(self, part: int) -> str:
        """A part as a unified diff without a heading, two lines around it."""
        new = self.text([part]).splitlines(keepends=True)
        found = list(difflib.unified_diff(list(self.first), new, n=2))[2:]
        return "".join(line if line.endswith("\n") else f"{line}\n" for line in found)


def pair(first: str, second: str) -> Pair:
    """Two scripts' parts: stretches of lines that differ, those joined that only run together.

    Stretches are joined where one alone leaves no Python, or where one uses a name that only
    another one makes. What differs in comments and layout alone is no part.
    """
    a, b = (tuple(text.splitlines(keepends=True)) for text in (first, second))
    a, b = (tuple(_ended(lines)) for lines in (a, b))
    spans = [
        ((i, j), (k, m))
        for tag, i, j, k, m in difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    made = Pair(a, b, tuple(Part((span,)) for span in spans))
    groups = _Groups(len(spans))
    for i in range(len(spans) - 1):
        if not _whole(made.text([i])) or not _whole(_without(made, i)):
            groups.join(i, i + 1)
    sides = [
        (_names("".join(lines)), [s[side] for s in spans]) for side, lines in enumerate((a, b))
    ]
    for (own, at), (other, _) in (sides, sides[::-1]):
        for i, j in _dependent(own, other, at):
            groups.join(i, j)
    parts = [Part(tuple(spans[i] for i in group)) for group in groups.all()]
    parts = [p for p in parts if _code(Pair(a, b, (p,)).text([0])) != _code("".join(a))]
    return Pair(a, b, tuple(parts))


def _ended(lines: tuple[str, ...]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith(("\n", "\r")) else f"{line}\n"


def _without(pair: Pair, part: int) -> str:
    return pair.text(i for i in range(len(pair.parts)) if i != part)


def _whole(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


def _code(text: str) -> str:
    """What is left of a script without comments and layout; itself where it is no Python."""
    try:
        return ast.dump(ast.parse(text))
    except (SyntaxError, ValueError):
        return text


Names = tuple[dict[str, set[int]], dict[str, set[int]]]  # lines that make and that use each


def _names(text: str) -> Names:
    made: dict[str, set[int]] = defaultdict(set)
    used: dict[str, set[int]] = defaultdict(set)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return made, used
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            kind = used if isinstance(node.ctx, ast.Load) else made
            kind[node.id].add(node.lineno - 1)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            made[node.name].add(node.lineno - 1)
        elif isinstance(node, ast.arg):
            made[node.arg].add(node.lineno - 1)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                made[(alias.asname or alias.name).partition(".")[0]].add(node.lineno - 1)
    return made, used


def _dependent(own: Names, other: Names, spans: list[Span]) -> Iterator[tuple[int, int]]:
    """Stretches of which one uses a name that is made in the other one and nowhere else, in
    neither script."""
    made, used = own
    for name, lines in made.items():
        homes = {_span(line, spans) for line in lines}
        if name not in other[0] and len(homes) == 1 and (home := homes.pop()) is not None:
            for line in used.get(name, ()):
                user = _span(line, spans)
                if user is not None and user != home:
                    yield home, user


def _span(line: int, spans: list[Span]) -> int | None:
    return next((i for i, (start, end) in enumerate(spans) if start <= line < end), None)


class _Groups:
    """Which of so many things belong together."""

    def __init__(self, n: int) -> None:
        self._of = list(range(n))

    def join(self, a: int, b: int) -> None:
        old, new = sorted((self._of[a], self._of[b]), reverse=True)
        self._of = [new if g == old else g for g in self._of]

    def all(self) -> list[list[int]]:
        by: dict[int, list[int]] = defaultdict(list)
        for i, g in enumerate(self._of):
            by[g].append(i)
        return [by[g] for g in sorted(by)]
