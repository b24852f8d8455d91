"""Every parameter trainable and held by the optimizer."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

UNFROZEN = Intervention("unfrozen", "all parameters trained", settings=Settings(unfreeze=True))
