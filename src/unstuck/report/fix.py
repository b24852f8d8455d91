"""A fix on the terminal: the change, its code, and what it was seen to do on fresh seeds."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from unstuck.records.fix import Fix
from unstuck.report.levels import gain, level, seeds


def renderable(fix: Fix) -> RenderableType:
    """The fix for a rich console of any width."""
    state = ("verified", "bold green") if fix.verified else ("NOT verified", "bold red")
    lines: list[RenderableType] = [
        Text.assemble(("unstuck fix", "bold"), f": {fix.change}  ", state)
    ]
    if fix.why:
        lines.append(Text(fix.why))
    lines += [Text(), Padding(_code(fix.code), (0, 0, 1, 2))]
    grid = Table.grid(padding=(0, 2, 0, 0))
    for says, found in (("before", fix.before), ("after", fix.after)):
        several = found.n > 1
        low, high = (level(v, fix.measure) for v in (found.low, found.high))
        interval = f"95 %: {low} to {high}; " if several else ""
        told = f"({interval}{found.n} fresh seed{'s' if several else ''})"
        grid.add_row(Text(says), Text(level(found.value, fix.measure), "bold"), Text(told))
    lines.append(Padding(grid, (0, 0, 0, 2)))
    if fix.effect is not None:
        lines.append(Padding(Text(gain(fix.effect, fix.measure)), (0, 0, 0, 2)))
    elif not fix.before.n:
        lines.append(Padding(Text(f"{seeds(0)}: there was no time to verify it"), (0, 0, 0, 2)))
    return Group(*lines)


def _code(code: str) -> Syntax:
    """Long lines go on in the next one: nothing is cut off where the terminal ends."""
    return Syntax(code.rstrip(), "python", background_color="default", word_wrap=True)
