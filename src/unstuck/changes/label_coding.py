"""Labels written as class ids 0 … K−1, in the order of their values."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import recoded

LABELS = Change("labels-recoded", "labels written as class ids 0 … K−1", Part.LABELS, rows=recoded)
