"""Another optimizer, with its usual rate and the framework's other defaults."""

from unstuck.changes.change import Change, Part

_EXCLUDES = frozenset({Part.EPSILON})

ADAM = Change("optimizer-adam", "Adam with rate 0.001", Part.OPTIMIZER, "adam", excludes=_EXCLUDES)
SGD = Change("optimizer-sgd", "SGD with rate 0.01", Part.OPTIMIZER, "sgd", excludes=_EXCLUDES)
