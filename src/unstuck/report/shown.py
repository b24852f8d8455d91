"""What any record looks like on a console and as plain text, whichever record it is."""

from typing import TYPE_CHECKING

from unstuck.records.batch import Batch
from unstuck.records.comparison import Comparison
from unstuck.records.fix import Fix
from unstuck.records.proof import Proof
from unstuck.records.report import Report
from unstuck.records.run import RunRecord

if TYPE_CHECKING:
    from rich.console import RenderableType

Shown = Batch | Comparison | Report | Proof | Fix | RunRecord


def renderable(record: Shown) -> "RenderableType":
    """A record for a rich console of any width."""
    from unstuck.report import batch, comparison, diagnosis, fix, proof, run

    if isinstance(record, Batch):
        return batch.renderable(record)
    if isinstance(record, Comparison):
        return comparison.renderable(record)
    if isinstance(record, RunRecord):
        return run.renderable(record)
    if isinstance(record, Report):
        return diagnosis.renderable(record)
    return proof.renderable(record) if isinstance(record, Proof) else fix.renderable(record)


def text(record: Shown) -> str:
    """A record as plain text, 80 columns wide."""
    from unstuck.report.diagnosis import plain

    return plain(renderable(record))
