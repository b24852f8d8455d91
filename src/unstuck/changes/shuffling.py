"""Examples drawn in a new order each epoch."""

from unstuck.changes.change import Change, Part

SHUFFLED = Change("shuffled", "examples shuffled anew each epoch", Part.SHUFFLING, True)
