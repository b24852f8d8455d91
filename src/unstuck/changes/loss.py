"""Another loss: one that takes logits, or one that belongs to the task.

A loss of the task replaces output activation and loss together: squared error on an output
without activation for numbers, cross-entropy for classes: from logits, or, in Keras where the loss
took numbers, from probabilities, as programs go on reading the output.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Change, Part

MOST_CLASSES = 4096

LOGITS = Change("loss-from-logits", "the loss computed from logits", Part.LOSS, "logits")
SIGN = Change(
    "loss-sign",
    "the loss with its other sign",
    Part.SIGN,
    -1,
    excludes=frozenset({Part.LOSS}),
)
SQUARED = Change(
    "loss-squared",
    "squared error on an output without activation",
    Part.LOSS,
    "mse",
    excludes=frozenset({Part.OUTPUT}),
)
CROSSENTROPY = Change(
    "loss-crossentropy",
    "cross-entropy in place of the loss",
    Part.LOSS,
    "crossentropy",
    excludes=frozenset({Part.OUTPUT}),
)
UNIT_A_CLASS = Change(
    "output-unit-a-class",
    "an output for each class, whose largest is the answer, and their cross-entropy from logits",
    Part.LOSS,
    "unit-a-class",
    excludes=frozenset({Part.OUTPUT, Part.LABELS}),
)


def classes_of(y: NDArray[Any] | None) -> int:
    """Outputs that the class ids (n,) or (n, 1) need, 0 to the largest; 0 where they are none."""
    if y is None or y.size != len(y) or not np.array_equal(y, np.rint(y)) or y.min() < 0:
        return 0
    return int(y.max()) + 1 if y.max() < MOST_CLASSES else 0
