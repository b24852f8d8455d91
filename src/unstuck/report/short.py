"""A run on one screen: the finding in a sentence, its evidence, the fix, and what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from unstuck.records.quantity import quantity
from unstuck.records.report import Suspect
from unstuck.records.run import RunRecord, SubjectRecord
from unstuck.records.states import State, Status
from unstuck.report.compact import urgency, verification
from unstuck.report.diagnosis import place
from unstuck.report.levels import seeds
from unstuck.report.proof import against
from unstuck.report.run import losses, verdict, worst

LINES = 24  # of a terminal, as they begin; only a long diff needs more
EVIDENCE = 3  # rows, where there is room
OTHERS = 3  # trainings beside the one that is told of
_GOOD = (State.LEARNING, State.IMPROVABLE)
REST = "all of it: --verbose; a page with pictures: --html FILE"


@dataclass(frozen=True)
class Short:
    """What rich draws on one screen, whatever its width.

    Args:
        record: with at least one subject.
        script: as it is named on the command line, for what to run next.
        there: a command that tells all of it; "" where nothing was written.
    """

    record: RunRecord
    script: str
    there: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """As much evidence as one screen holds beside all else; a row where a diff is long."""
        most = Group(*self._parts(EVIDENCE, True))
        less = {rows: Group(*self._parts(rows, False)) for rows in range(EVIDENCE, -1, -1)}
        fit = (g for g in (most, *less.values()) if len(console.render_lines(g, options)) <= LINES)
        yield next(fit, less[1])

    def _parts(self, rows: int, limits: bool) -> Iterator[RenderableType]:
        first, *others = sorted(self.record.subjects, key=urgency)
        yield from _told(first, rows)
        if limits and first.report is not None and first.report.limits:
            yield Text(f"Limits: {'; '.join(first.report.limits)}\n", "dim")
        for other in others[:OTHERS]:
            yield Text.assemble((f"{other}: ", "bold"), verdict(other), style="dim")
        if len(others) > OTHERS:
            yield Text(f"and {len(others) - OTHERS} more trainings", "dim")
        if others:
            yield Text()
        yield Text.assemble(("Next: ", "bold"), verification([first, *others], self.script))
        yield Text(f"(all of it: {self.there})" if self.there else f"({REST})", "dim")


def _told(subject: SubjectRecord, rows: int) -> Iterator[RenderableType]:
    fine = not (subject.suspected or subject.proven) and subject.state in _GOOD
    yield Text(f"\nunstuck: {subject.says}", "bold green" if fine else "bold")
    yield Text(f"{subject}: {_seen(subject)}\n", "dim")
    found = subject.report.suspects if subject.cured and subject.report else subject.findings
    suspect = next(iter(found), None)
    if suspect is not None and (suspect.evidence or suspect.status is not Status.PROVEN):
        yield _evidence(subject, suspect, rows)
    if subject.judges and subject.proof is not None and subject.proof.repair is not None:
        repair, measure = subject.proof.repair, subject.proof.measure
        status = repair.effect.status.value if subject.proof.trusted else "not to be trusted"
        yield Text.assemble((f"The repair ({status})", "bold"), f": {repair.says}")
        yield Padding(Text(against(repair.effect, measure)), (0, 0, 0, 2), expand=False)
        for more in subject.proof.left:
            yield Text.assemble(("On top of it (proven)", "bold"), f": {more.says}")
            yield Padding(Text(against(more.effect, measure)), (0, 0, 0, 2), expand=False)
        yield Text()
    yield from _fix(subject)


def _seen(subject: SubjectRecord) -> str:
    """What the training itself was seen to do."""
    seen, count = worst(subject), len(subject.watched)
    if seen is None:
        return "no loss was seen"
    # Of what was proven the finding tells; beside it a state by its losses alone contradicts.
    says = losses(seen) if subject.judges and subject.proof is not None else seen.says
    return f"{count} times, the worst {says}" if count > 1 else says


def _evidence(subject: SubjectRecord, suspect: Suspect, rows: int) -> RenderableType:
    status = suspect.status.value.capitalize()
    parts: list[RenderableType] = [
        Text.assemble((f"{status}: {suspect.title}", "bold"), f" ({suspect.name})")
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, justify="right")
    grid.add_column()
    units = {} if subject.report is None else subject.report.units
    for e in suspect.evidence[:rows]:
        value = Text(quantity(e.value, units.get(e.probe, "")), "bold")
        grid.add_row(Text(place(e).replace("_", " ")), value, Text(f"expected {e.expected}"))
    if grid.row_count:
        parts.append(Padding(grid, (0, 0, 0, 2)))
    if suspect.cure and suspect.status is not Status.PROVEN:
        parts.append(Padding(Text.assemble("To try: ", (suspect.cure, "green")), (0, 0, 0, 2)))
    return Group(*parts, Text())


def _fix(subject: SubjectRecord) -> Iterator[RenderableType]:
    """The diff, else the code; nothing where there is none."""
    fix = subject.fix
    if subject.patch:
        seen = "learns" if subject.cured else "has too few losses to tell whether it learns"
        yield Text(f"The fix, as a diff; the patched copy was run, and {seen}", "bold")
        yield _diff(subject.patch)
    elif fix is not None:
        on = seeds(fix.after.n).replace("seed", "fresh seed")
        yield Text(f"The fix ({f'verified on {on}' if fix.verified else 'NOT verified'})", "bold")
        drawn = Syntax(fix.code.rstrip(), "python", background_color="default", word_wrap=True)
        yield Padding(drawn, (0, 0, 1, 2))


def _diff(patch: str) -> Text:
    """Its lines stay whole, however long: it is there to be copied."""
    told = Text(no_wrap=True, overflow="ignore")
    for line in patch.rstrip().splitlines():
        told.append(f"{line}\n", {"+": "green", "-": "red", "@": "dim"}.get(line[:1]))
    return told
