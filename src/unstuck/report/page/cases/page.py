"""A case's report as a page, and the overview of several."""

from collections import Counter
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from unstuck.cases.run import CaseReport
from unstuck.judging.verdict import Verdict
from unstuck.report import wording
from unstuck.report.page.cases import curves, figures, staircase
from unstuck.report.page.drawing import Picture
from unstuck.report.page.page import UNDRAWN
from unstuck.report.templates import template

MARKS = {Verdict.SUPPORTED: "yes", Verdict.REFUTED: "no"}


def page(report: CaseReport, provenance: Mapping[str, Any], command: str) -> str:
    """One case: answers first, then pictures, explanations with verdicts, all figures.

    Args:
        provenance: machine, versions and date, as `unstuck.cases.run.provenance` gives them.
        command: that made it.
    """
    return template("case.html.j2").render(
        r=report, pictures=pictures(report), **_shared(provenance, command)
    )


def overview(reports: Sequence[CaseReport], provenance: Mapping[str, Any], command: str) -> str:
    """All cases, with links to their pages beside it."""
    shown = [(r, _drawn(curves.picture, r), verdicts(r)) for r in reports]
    return template("cases.html.j2").render(shown=shown, **_shared(provenance, command))


def pictures(report: CaseReport) -> list[Picture]:
    """Curves, the staircase, published figures; none without matplotlib."""
    made = [_drawn(draw, report) for draw in (curves.picture, staircase.picture)]
    found = [one for one in made if one is not None]
    return found + (figures.pictures(report) if find_spec("matplotlib") else [])


def verdicts(report: CaseReport) -> str:
    """How many explanations came to what: "3 supported, 2 refuted"."""
    counted = Counter(d.verdict for d in report.decided)
    return ", ".join(f"{counted[v]} {v.value}" for v in Verdict if counted[v])


def _drawn(draw: Any, report: CaseReport) -> Picture | None:
    made: Picture | None = draw(report) if find_spec("matplotlib") else None
    return made


def _shared(provenance: Mapping[str, Any], command: str) -> dict[str, Any]:
    return {
        "provenance": provenance,
        "command": command,
        "undrawn": "" if find_spec("matplotlib") else UNDRAWN,
        "wording": wording,
        "marks": MARKS,
        "svg": Markup,
    }
