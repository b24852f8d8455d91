"""An output that reaches every target."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

LINEAR = Intervention(
    "output-linear", "an output without activation", settings=Settings(output="linear")
)
