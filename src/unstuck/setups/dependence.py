"""Whether an example's output depends on the other examples of its batch."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import UnstuckError
from unstuck.setups.subject import Floats

FEW = 16  # examples whose outputs are compared


def dependence(output: Callable[[NDArray[np.int64]], Floats], n: int) -> float | None:
    """Largest change of an example's output when others share its batch, over the largest output.

    0 for a network that treats each example on its own, as all should in evaluation mode. The
    examples keep their places, and the batch its size, so that a layer that draws numbers draws
    the same. None where that cannot be told: a model of one size of batch alone, a graph, what
    draws otherwise each time.

    Args:
        output: of the examples with these indices, in evaluation mode, (k, …).
        n: examples that there are.

    Source: Karpathy 2019, "A recipe for training neural networks": chart what each output
    depends on.
    """
    half = min(FEW, n // 2)
    if half < 1:
        return None
    both = np.arange(2 * half)
    looked = both[half:]
    try:
        output(looked)  # what is made for one size of batch shows it
        beside, again = output(both), output(both)
        others = output(np.concatenate([np.zeros(half, np.int64), looked]))
    except UnstuckError:
        return None
    if len(beside) != 2 * half or not beside.shape == again.shape == others.shape:
        return None
    if not np.array_equal(beside, again):
        return None
    largest = float(np.abs(beside).max(initial=0.0))
    change = float(np.abs(beside[half:] - others[half:]).max(initial=0.0))
    return change / largest if np.isfinite(largest) and largest > 0 else None
