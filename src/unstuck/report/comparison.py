"""A comparison of two scripts on the terminal: the finding first, then each difference."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from unstuck.comparing.compare import effect_says
from unstuck.records.comparison import Comparison, Difference, Role

TITLE = {
    Role.MADE_IT: "This makes it",
    Role.NO_MATTER: "This does not matter",
    Role.UNDECIDED: "Undecided",
}


def renderable(made: Comparison) -> RenderableType:
    """A comparison for a rich console of any width."""
    return Group(*_parts(made))


def _parts(made: Comparison) -> Iterator[RenderableType]:
    yield Text(f"{made.says}.", "bold")
    order = list(TITLE)
    for d in sorted(made.differences, key=lambda d: order.index(d.role)):
        yield Text(f"\n{TITLE[d.role]}: {made.worse}, line {', '.join(map(str, d.at))}")
        yield Padding(Syntax(d.diff.rstrip(), "diff", background_color="default"), (0, 0, 0, 2))
        for says in _says(d):
            yield Padding(Text(says, "dim"), (0, 0, 0, 2))
    failed = f" ({made.failed} broke off)" if made.failed else ""
    yield Text(
        f"\n{made.runs} runs{failed} in {made.seconds:.0f} of {made.budget:.0f} s, in copies of the"
        f" folder. {made.measure[:1].upper()}{made.measure[1:]}.",
        "dim",
    )


def _says(d: Difference) -> Iterator[str]:
    if d.alone is not None:
        yield f"alone: {effect_says(d.alone)}"
    if d.without is not None:
        yield f"all but this: {effect_says(d.without)}"
