"""The terminal, which data cannot steer and whose encoding nothing breaks: control codes in names
and labels are spelt, and so are signs that it has no code for."""

from collections.abc import Iterable

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from unstuck.errors import printable

PLAIN = {
    "→": "->", "↑": "^", "↓": "v", "−": "-", "–": "-", "×": "x", "÷": "/", "·": "-", "…": "...",
    "≤": "<=", "≥": ">=", "≈": "~", "≠": "!=", "²": "^2", "√": "sqrt ", "“": '"', "”": '"',
    "’": "'", "█": "#",
}  # fmt: skip
"""Signs of our own words as ASCII has them."""


class Console(rich.console.Console):
    """rich's, printing no control codes but its own, in any encoding."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """See rich."""
        for segment in super().render(renderable, options):
            if segment.control:
                yield segment
            else:
                yield Segment(encoded(printable(segment.text), self.encoding), segment.style)


def encoded(text: str, encoding: str) -> str:
    """A text with what an encoding has no code for in plain signs, or as Python escapes it."""
    try:
        text.encode(encoding)
        return text
    except UnicodeEncodeError:
        return "".join(_encoded(sign, encoding) for sign in text)
    except LookupError:  # an encoding that Python does not know: of a stream of the user's own
        return text


def _encoded(sign: str, encoding: str) -> str:
    try:
        sign.encode(encoding)
        return sign
    except UnicodeEncodeError:
        return PLAIN.get(sign) or sign.encode("ascii", "backslashreplace").decode()
