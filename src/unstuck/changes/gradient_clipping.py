"""Gradients clipped to norm 1."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

CLIPPED = Intervention(
    "gradients-clipped", "gradients clipped to norm 1", settings=Settings(clip=1.0)
)
