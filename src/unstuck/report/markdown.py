"""Cases as a Markdown page: docs/cases.md is made by this."""

from collections.abc import Sequence
from typing import Any

from unstuck.cases.run import CaseReport
from unstuck.report import wording
from unstuck.report.templates import template
from unstuck.report.terminal import chart


def page(reports: Sequence[CaseReport], provenance: dict[str, Any], command: str) -> str:
    """The page, from the reports, the machine they were measured on and the command given."""
    return template("cases.md.j2").render(
        reports=reports, provenance=provenance, command=command, wording=wording, chart=chart
    )
