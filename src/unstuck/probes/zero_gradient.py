"""Examples that are wrong and yet send no gradient: training cannot correct them."""

import numpy as np
from numpy.typing import NDArray


def zero_gradient_wrong_share(
    logit_gradients: NDArray[np.floating], correct: NDArray[np.bool_]
) -> float:
    """Share of all examples that are misclassified and whose loss gradient is exactly zero.

    Args:
        logit_gradients: (examples, outputs), each row the gradient of that example's loss with
            respect to the output layer's pre-activations.
        correct: (examples,), whether the example is classified correctly.
    """
    silent = (logit_gradients == 0).all(axis=1)
    return float(np.mean(silent & ~correct))
