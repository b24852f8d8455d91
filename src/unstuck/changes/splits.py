"""Both splits on the scale of the training split."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import matched

SPLITS = Change(
    "splits-matched",
    "held-out inputs brought to the training inputs' mean and spread",
    Part.SPLITS,
    rows=matched,
)
