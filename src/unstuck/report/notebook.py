"""A diagnosis in a notebook: a fragment of HTML that needs nothing else, by light and by dark."""

from unstuck.records.quantity import quantity
from unstuck.records.report import Report
from unstuck.report import diagnosis
from unstuck.report.templates import template


def html(report: Report) -> str:
    """The report as a fragment: escaped, without scripts, nothing fetched from elsewhere.

    Text takes the notebook's own colour; only lines and shades are set, and they are translucent.
    """
    return template("diagnosis.html.j2").render(report=report, d=diagnosis, quantity=quantity)
