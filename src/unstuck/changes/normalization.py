"""A normalization layer in front."""

from unstuck.changes.change import Change, Part

NORMALIZED = Change(
    "normalization-first", "a batch normalization in front", Part.NORMALIZATION, True
)
