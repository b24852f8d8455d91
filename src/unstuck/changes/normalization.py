"""A normalization layer in front."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

NORMALIZED = Intervention(
    "normalization-first", "a batch normalization in front", settings=Settings(normalize=True)
)
