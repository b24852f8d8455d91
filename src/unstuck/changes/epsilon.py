"""ε as small as frameworks have it."""

from unstuck.changes.change import Change, Part

EPSILON = Change("epsilon-small", "ε of 10⁻⁷", Part.EPSILON, 1e-7)
# Of numbers of 16 bits the smallest is 6·10⁻⁸, and a gradient of 10⁻⁴ has the square 0.
EPSILON_OF_HALF = Change("epsilon-of-half", "ε of 10⁻⁴", Part.EPSILON, 1e-4)
