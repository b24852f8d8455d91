"""Examples with NaN or infinite values left out of training."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import finite_only

FINITE = Change("finite-only", "examples that are not finite left out", Part.ROWS, rows=finite_only)
