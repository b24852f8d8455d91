"""A normalization layer in front."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

NORMALIZED = Intervention(
    "normalization-first", "a batch normalization in front", settings=Settings(normalize=True)
)
