"""Another activation of the output: none for numbers, which then reaches every target; a sigmoid
for labels that do not exclude each other, or for a single one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Change, Part

LINEAR = Change("output-linear", "an output without activation", Part.OUTPUT, "linear")
SIGMOID = Change("output-sigmoid", "a sigmoid in place of the softmax", Part.OUTPUT, "sigmoid")


def exclusive(y: NDArray[Any] | None, outputs: int) -> bool:
    """Whether targets (n, …) are anything else than a zero or one for each output, of which a row
    may have any number: ids, one-hot rows, numbers."""
    if y is None or y.size != len(y) * outputs or not set(np.unique(y).tolist()) <= {0, 1}:
        return True
    return outputs > 1 and bool((y.reshape(len(y), -1).sum(axis=1) == 1).all())
