"""ε as small as frameworks have it."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

EPSILON = Intervention("epsilon-small", "ε of 10⁻⁷", settings=Settings(epsilon=1e-7))
