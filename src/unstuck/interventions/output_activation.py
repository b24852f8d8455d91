"""An output that reaches every target."""

from unstuck.interventions.intervention import Intervention
from unstuck.trials.settings import Settings

LINEAR = Intervention(
    "output-linear", "an output without activation", settings=Settings(output="linear")
)
