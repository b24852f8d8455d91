"""Gradients clipped to norm 1."""

from unstuck.changes.change import Change, Part

CLIPPED = Change("gradients-clipped", "gradients clipped to norm 1", Part.CLIPPING, 1.0)
