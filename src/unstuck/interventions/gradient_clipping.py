"""Gradients clipped to norm 1."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

CLIPPED = Intervention(
    "gradients-clipped", "gradients clipped to norm 1", settings=Settings(clip=1.0)
)
