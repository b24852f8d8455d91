"""ε as small as frameworks have it."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

EPSILON = Intervention("epsilon-small", "ε of 10⁻⁷", settings=Settings(epsilon=1e-7))
