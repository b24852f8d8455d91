"""Every parameter trainable and held by the optimizer."""

from unstuck.changes.change import Change, Part

UNFROZEN = Change("unfrozen", "all parameters trained", Part.HELD, True)
