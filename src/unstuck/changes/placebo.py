"""Changes that cannot matter: what they seem to do is luck."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

PLACEBO = Intervention(
    "placebo",
    "the same with the examples drawn in other orders",
    settings=Settings(stream=1),
    placebo=True,
)
