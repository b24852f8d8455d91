"""A diagnosis on the terminal, on one screen in a typical case, and as plain text."""

import io
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from unstuck.records.quantity import quantity
from unstuck.records.report import Evidence, Link, Report, Suspect
from unstuck.report.console import Console
from unstuck.report.sentence import of_report

WIDTH = 80  # of plain text
UNCHANGED = 0.1  # a link that a cut moves by less is not part of its chain

NO_PROOF = (
    "A suspicion is not a proof: all this was measured on the set-up as it stands, without"
    " training. Only training with and without the change decides."
)
NO_PROMISE = (
    "That is not a proof that it learns: only what was measured can be suspected, and nothing was"
    " trained."
)


def plain(shown: RenderableType) -> str:
    """Anything as plain text, 80 columns wide."""
    out = io.StringIO()
    console = Console(file=out, width=WIDTH, color_system=None, force_jupyter=False, emoji=False)
    console.print(shown)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def text(report: Report) -> str:
    """The report as plain text."""
    return plain(renderable(report))


def renderable(report: Report) -> RenderableType:
    """The report for a rich console of any width."""
    return Group(*_parts(report))


def heading(report: Report) -> str:
    """Whose set-up it is: "keras on jax", or one word where both are the same."""
    names = dict.fromkeys((report.framework, report.backend))
    return " on ".join(name for name in names if name)


def setup(report: Report) -> str:
    """The set-up in words, on one line."""
    facts = {key: value for key, value in report.setup.items() if key != "looked at" and value}
    return " · ".join(f"{key} {value}" for key, value in facts.items())


def effort(report: Report) -> str:
    """What was looked at, how long that took, and how often the user's own code was called."""
    seen = report.setup.get("looked at", "")
    seconds = report.seconds.get("static")
    took = "" if seconds is None else f"in {quantity(round(seconds, 1))} s"
    told = " ".join(part for part in ("looked at" if seen else "", seen, took) if part)
    times = f"forward pass and loss computed {report.calls}× on copies" if report.calls else ""
    return "; ".join(part for part in (told, times, "nothing was trained") if part)


def checked(report: Report) -> str:
    """What was gone through."""
    from unstuck.causes import NAMES
    from unstuck.symptoms import symptoms

    measured = sum(value not in (None, {}) for value in report.probes.values())
    return (
        f"{measured} of {len(report.probes)} probes apply and were measured,"
        f" {len(symptoms())} symptoms judged, {len(NAMES)} causes considered."
    )


def links(suspect: Suspect) -> tuple[Link, ...]:
    """The chain's links that tell of this suspect: what its cut moves; without a cut, what is not
    zero. All of them where that leaves none."""
    cut = any(link.cut is not None for link in suspect.chain)
    moved = tuple(
        link
        for link in suspect.chain
        if (link.value != 0 if not cut else link.cut is None or _moved(link.value, link.cut))
    )
    return moved or suspect.chain


def _moved(before: float, after: float) -> bool:
    return not abs(before - after) <= UNCHANGED * max(abs(before), abs(after))


def link_values(report: Report, suspect: Suspect, link: Link) -> str:
    """A link's value, and what becomes of it with the cut: "149 → 1.6"."""
    unit = report.units.get(link.probe, "")
    told = quantity(link.value, unit)
    if all(k.cut is None for k in suspect.chain):
        return told
    return f"{told} → {quantity(link.cut, unit)}"


def chain_title(suspect: Suspect) -> str:
    """What the chain's figures are."""
    if not suspect.what_if:
        return "Along the way, from the inputs to the first step"
    return f"{_capital(suspect.what_if)}, and looked at again without training"


def consequences(suspect: Suspect) -> str:
    """What goes away with the cut; without one, what the fault would account for."""
    if not suspect.removes:
        return ""
    names = ", ".join(name.replace("-", " ") for name in suspect.removes)
    return f"{'Goes away' if suspect.what_if else 'Would account for'}: {names}"


def place(evidence: Evidence) -> str:
    """The probe, and where it was found."""
    return f"{evidence.probe} ({evidence.where})" if evidence.where else evidence.probe


def _parts(report: Report) -> Iterable[RenderableType]:
    yield Text.assemble(("unstuck diagnosis", "bold"), f": {heading(report)}")
    yield Text(f"{of_report(report)}\n", "bold yellow" if report.suspects else "bold green")
    yield Text(f"{setup(report)}\n{effort(report)}\n", "dim")
    if report.suspects:
        count = len(report.suspects)
        yield Text(f"suspected: {count} cause{'s' if count > 1 else ''}\n", "bold")
        first, *others = report.suspects
        yield _first(report, first)
        yield from (_other(report, suspect) for suspect in others)
    else:
        yield Text("nothing suspicious", "bold")
        yield Text(f"{checked(report)}\n")
    if report.limits:
        yield Text("Limits", "bold")
        yield from (_item(limit) for limit in report.limits)
        yield Text()
    yield Text(NO_PROOF if report.suspects else NO_PROMISE, "dim")


def _title(suspect: Suspect) -> Text:
    return Text.assemble(
        f"{suspect.rank}. ", (suspect.title, "bold"), (f"  {suspect.name}", "dim cyan")
    )


def _first(report: Report, suspect: Suspect) -> RenderableType:
    body: list[RenderableType] = [Text(f"{suspect.mechanism}\n")]
    if suspect.evidence:
        measured = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="italic")
        measured.add_column("measured", overflow="fold")
        measured.add_column(justify="right", overflow="fold")
        measured.add_column("expected")
        for e in suspect.evidence:
            value = quantity(e.value, report.units.get(e.probe, ""))
            measured.add_row(Text(place(e)), Text(value, "bold"), Text(e.expected))
        body += [measured, Text()]
    if suspect.chain:
        chain = Table.grid(padding=(0, 2, 0, 0))
        for link in links(suspect):
            chain.add_row(Text(link.says), Text(link_values(report, suspect, link)))
        body += [Text(chain_title(suspect), "italic"), Padding(chain, (0, 0, 0, 2))]
    if told := consequences(suspect):
        body.append(Text(told))
    body.append(_cure(suspect))
    return Group(_title(suspect), Padding(Group(*body), (0, 0, 1, 3), expand=False))


def _other(report: Report, suspect: Suspect) -> RenderableType:
    body: list[RenderableType] = []
    for e in suspect.evidence:
        value = quantity(e.value, report.units.get(e.probe, ""))
        body.append(Text.assemble(f"{place(e)} ", (value, "bold"), f"; expected: {e.expected}"))
    if told := consequences(suspect):
        change = f" ({suspect.what_if})" if suspect.what_if else ""
        body.append(Text(f"{told}{change}"))
    body.append(_cure(suspect))
    return Group(_title(suspect), Padding(Group(*body), (0, 0, 1, 3), expand=False))


def _cure(suspect: Suspect) -> Text:
    return Text.assemble("Candidate cure: ", (suspect.cure, "green")) if suspect.cure else Text()


def _item(told: str) -> RenderableType:
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text(" -"), Text(told))
    return grid


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]
