"""Examples drawn in a new order each epoch."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

SHUFFLED = Intervention(
    "shuffled", "examples shuffled anew each epoch", settings=Settings(shuffle=True)
)
