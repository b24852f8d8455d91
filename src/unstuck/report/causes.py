"""The causes as they are known: a table, one of them, and the page docs/causes.md."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from unstuck.causes import NAMES, load
from unstuck.causes import causes as all_causes
from unstuck.causes.cause import Cause, Example
from unstuck.names import unknown
from unstuck.records.quantity import quantity
from unstuck.records.report import Report, Suspect
from unstuck.report import diagnosis
from unstuck.report.templates import template


@dataclass(frozen=True)
class Shown:
    """A cause beside what was measured on its example and on what looks like it.

    Args:
        example, look_alike: the set-ups; None for a fault of the loop, which only a script shows.
        report, other: what was found on them.
    """

    cause: Cause
    example: Example | None = None
    report: Report | None = None
    look_alike: Example | None = None
    other: Report | None = None

    @property
    def suspect(self) -> Suspect | None:
        """The cause as suspected in its example."""
        return _named(self.report, self.cause)

    @property
    def mistaken(self) -> bool:
        """Whether it is suspected in what only looks like it."""
        return _named(self.other, self.cause) is not None


def _named(report: Report | None, cause: Cause) -> Suspect | None:
    suspects = () if report is None else report.suspects
    return next((s for s in suspects if s.name == cause.name), None)


def named(name: str) -> Cause:
    """The cause of this name.

    Raises:
        UsageError: no such cause; the nearest name is proposed.
    """
    if name not in NAMES:
        raise unknown("cause", name, NAMES, "see them with: unstuck causes")
    return load(name)


def table() -> Table:
    """All causes in the order of the chain."""
    told = Table("name", "fault")
    for cause in all_causes():
        told.add_row(cause.name, cause.title)
    return told


def outline(cause: Cause) -> str:
    """A cause as plain text: what it is, how it is told, what cures it. Nothing is measured."""
    lines = [f"{cause.name}: {cause.title}", cause.mechanism, "", "Signs:"]
    for sign in cause.signs:
        lines += [
            f"  {sign.name}: {sign.probe}",
            f"    expected: {sign.expected}",
            f"    source: {sign.source}",
        ]
    if cause.cut:
        lines += ["", f"Suspected if a harm goes away with: {cause.cut.says}"]
    elif cause.harms:
        lines += ["", f"Suspected beside any of: {', '.join(cause.harms)}"]
    lines += ["", "Candidate cures:"]
    lines += [f"  {_framework(name)}: {line}" for name, line in _cures(cause)]
    if cause.shows is not None and cause.look_alike is not None:
        lines += ["", f"Example: {cause.shows().says}"]
        lines += [f"Looks like it and is sound: {cause.look_alike().says}"]
    return "\n".join(lines)


def _cures(cause: Cause) -> list[tuple[str, str]]:
    """By framework, what holds for all others last."""
    return sorted(cause.cures.items(), key=lambda item: item[0] == "")


def _framework(name: str) -> str:
    return name or "all others"


def measured(progress: Callable[[str], object] = lambda name: None) -> list[Shown]:
    """Every cause's example and look-alike, looked at now; about a minute on two cores.

    Args:
        progress: called with each cause's name before it is looked at.
    """
    shown = []
    for cause in all_causes():
        if cause.shows is None or cause.look_alike is None:
            shown.append(Shown(cause))
            continue
        progress(cause.name)
        shown.append(_shown(cause, cause.shows(), cause.look_alike()))
    return shown


def _shown(cause: Cause, example: Example, look_alike: Example) -> Shown:
    from unstuck.diagnosis import diagnosed

    return Shown(
        cause,
        example,
        diagnosed(example.model, **example.arguments).report,
        look_alike,
        diagnosed(look_alike.model, **look_alike.arguments).report,
    )


def page(shown: Sequence[Shown], provenance: dict[str, Any], command: str) -> str:
    """The page, from what was measured, the machine it was measured on and the command given."""
    from unstuck.probes import probes
    from unstuck.symptoms import symptoms

    told = template("causes.md.j2").render(
        shown=shown,
        provenance=provenance,
        command=command,
        probes=probes(),
        symptoms=symptoms(),
        quantity=quantity,
        cures=_cures,
        framework=_framework,
        listed=_listed,
        d=diagnosis,
    )
    return re.sub(r"\n{3,}", "\n\n", told)


def _listed(suspects: Iterable[Suspect]) -> str:
    return ", ".join(f"`{s.name}`" for s in suspects) or "nothing suspicious"
