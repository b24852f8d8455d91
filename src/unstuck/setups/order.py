"""Which examples each step sees, at which rate, and after which steps outputs are looked at."""

import numpy as np
from numpy.typing import NDArray

from unstuck.records.routine import Routine


def batches(
    n: int, size: int, steps: int, shuffled: bool, seed: int, stream: int = 0
) -> NDArray[np.int64]:
    """(steps, size) rows of the training examples, epoch after epoch without a gap.

    Args:
        n: examples.
        size: of a batch; n where there are fewer.
        shuffled: whether each epoch has an order of its own, drawn from seed and stream.
    """
    size = min(size, n)
    epochs = -(-steps * size // n)
    draw = np.random.default_rng([seed, stream])
    orders = [draw.permutation(n) if shuffled else np.arange(n) for _ in range(epochs)]
    return np.concatenate(orders)[: steps * size].reshape(steps, size)


def factors(routine: Routine, steps: int, factor: float = 1.0) -> NDArray[np.float32]:
    """(steps,) factors on the learning rate, all of them times `factor`."""
    return np.array([factor * routine.rate(i) for i in range(steps)], np.float32)


def looks(steps: int, times: int) -> list[int]:
    """After how many steps outputs are looked at on the way: `times` less one, evenly spaced."""
    return sorted({steps * i // times for i in range(1, times)} - {0})
