"""An output that reaches every target."""

from unstuck.changes.change import Change, Part

LINEAR = Change("output-linear", "an output without activation", Part.OUTPUT, "linear")
