"""A dense ReLU network with softmax cross-entropy, worked out in NumPy's float64."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Seen(NamedTuple):
    """What a look should show; gradients in the order kernel, bias, kernel, bias."""

    pre_activations: tuple[Array, Array]
    output: Array
    losses: Array
    logit_gradients: Array
    gradients: tuple[Array, ...]


def look(weights: tuple[Array, ...], x: Any, y: Any, clipped: bool) -> Seen:
    """One look at (kernel, bias, kernel, bias) of a network d-h-K with class ids y.

    Args:
        clipped: whether the loss is computed on probabilities clipped to [1e-7, 1 − 1e-7], with
            no gradient for a clipped one, or from the logits.
    """
    w1, b1, w2, b2 = (np.asarray(w, np.float64) for w in weights)
    x = np.asarray(x, np.float64)
    z1 = x @ w1 + b1
    hidden = np.maximum(z1, 0)
    z2 = hidden @ w2 + b2
    shifted = z2 - z2.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    rows = np.arange(len(y))
    log_p = shifted[rows, y] - np.log(np.exp(shifted).sum(axis=1))
    logit_gradients = p - np.eye(z2.shape[1])[y]
    if clipped:
        log_p = np.clip(log_p, np.log(1e-7), np.log(1 - 1e-7))
        outside = (p[rows, y] < 1e-7) | (p[rows, y] > 1 - 1e-7)
        logit_gradients[outside] = 0.0
    d2 = logit_gradients / len(y)
    d1 = (d2 @ w2.T) * (z1 > 0)
    return Seen(
        (z1, z2), p, -log_p, logit_gradients,
        (x.T @ d1, d1.sum(axis=0), hidden.T @ d2, d2.sum(axis=0)),
    )  # fmt: skip
