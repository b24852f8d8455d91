"""Targets in the shape that the output has: (n,) against (n, 1) makes every pair an error."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import column

SHAPED = Change("targets-shaped", "targets in the output's shape", Part.TARGET_SHAPE, rows=column)
