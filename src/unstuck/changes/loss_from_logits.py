"""The loss computed from logits: nothing is clipped, and output and loss belong together."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

LOGITS = Intervention(
    "loss-from-logits",
    "the loss computed from logits",
    settings=Settings(logits=True),
)
