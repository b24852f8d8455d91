"""Moving statistics that lag behind; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import STATISTICS

CAUSE = Cause(
    "statistics-lag",
    "batch statistics that lag behind",
    "Batch normalization trains with each batch's own mean and variance and evaluates with moving"
    " averages of them."
    " Where these still hold much of the values they began with, what was learnt does not show.",
    signs=(),
    cures={
        "keras": "BatchNormalization(momentum=0.9)",
        "torch": "nn.BatchNorm1d(…, momentum=0.1)",
        "": "moving statistics with a shorter memory",
    },
    changes=(STATISTICS,),
)
