"""ε as small as frameworks have it."""

from unstuck.changes.change import Change, Part

EPSILON = Change("epsilon-small", "ε of 10⁻⁷", Part.EPSILON, 1e-7)
