"""Which examples each step sees."""

import numpy as np
from numpy.typing import NDArray


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
