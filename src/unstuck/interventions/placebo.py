"""Changes that cannot matter: what they seem to do is luck."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

PLACEBO = Intervention(
    "placebo",
    "the same with the examples drawn in other orders",
    settings=Settings(stream=1),
    placebo=True,
)
