"""Every parameter trainable and held by the optimizer."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

UNFROZEN = Intervention("unfrozen", "all parameters trained", settings=Settings(unfreeze=True))
