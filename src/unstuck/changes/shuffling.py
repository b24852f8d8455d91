"""Examples drawn in a new order each epoch."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

SHUFFLED = Intervention(
    "shuffled", "examples shuffled anew each epoch", settings=Settings(shuffle=True)
)
