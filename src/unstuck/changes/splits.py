"""Training and held-out examples that belong together."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import matched, mixed

SPLITS = Change(
    "splits-matched",
    "held-out inputs brought to the training inputs' mean and spread",
    Part.SPLITS,
    rows=matched,
)
MIXED = Change(
    "splits-mixed",
    "training and held-out examples drawn from all of them at random",
    Part.SPLITS,
    rows=mixed,
)
