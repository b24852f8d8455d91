"""What any record looks like: on a console, as plain text, as HTML, whichever record it is."""

import html as _html
from typing import TYPE_CHECKING

from unstuck.records.fix import Fix
from unstuck.records.proof import Proof
from unstuck.records.report import Report

if TYPE_CHECKING:
    from rich.console import RenderableType

Shown = Report | Proof | Fix


def renderable(record: Shown) -> "RenderableType":
    """A record for a rich console of any width."""
    from unstuck.report import diagnosis, fix, proof

    if isinstance(record, Report):
        return diagnosis.renderable(record)
    return proof.renderable(record) if isinstance(record, Proof) else fix.renderable(record)


def text(record: Shown) -> str:
    """A record as plain text, 80 columns wide."""
    from unstuck.report.diagnosis import plain

    return plain(renderable(record))


def html(record: Shown) -> str:
    """A record as a fragment for a notebook: escaped, nothing fetched from elsewhere."""
    if isinstance(record, Report):
        from unstuck.report import notebook

        return notebook.html(record)
    return f'<pre style="white-space: pre-wrap">{_html.escape(text(record))}</pre>'
