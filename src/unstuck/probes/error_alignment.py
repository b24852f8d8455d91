"""Whether the loss pulls the output towards the targets or away from them."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def error_alignment(look: Look) -> Measured:
    """Mean over examples of the cosine between the loss's gradient at the logits and the error,
    output − target (of classes: softmax of the logits − one-hot target): 1 for squared error and
    cross-entropy, below 0 for a loss that rewards errors.

    Examples weigh as much as their gradient: those that are nearly right, where an output that is
    a logarithm or a root of the target's unit may point the other way, hardly count.
    """
    gradient, error = look.seen.logit_gradients, _error(look)
    if gradient is None or error is None or error.shape != gradient.shape:
        return None
    slopes, errors = np.linalg.norm(gradient, axis=1), np.linalg.norm(error, axis=1)
    dots = (gradient.astype(np.float64) * error).sum(axis=1)
    told = np.isfinite(slopes * errors) & np.isfinite(dots) & (slopes * errors > 0)
    if not told.any():
        return None
    return float((dots[told] / errors[told]).sum() / slopes[told].astype(np.float64).sum())


def _error(look: Look) -> NDArray[np.float64] | None:
    output = look.seen.output.astype(np.float64)
    if look.targets is not None:
        return output - look.targets if look.targets.shape == output.shape else None
    if look.labels is None:
        return None
    k = output.shape[1]
    if k == 1:
        half = 0.5 if look.about.output_activation in ("sigmoid", "softmax") else 0.0
        return output - half - (look.labels[:, None] > 0) + 0.5
    if look.labels.min() < 0 or look.labels.max() >= k:
        return None
    z = look.seen.logits.astype(np.float64)
    if z.shape != output.shape or not np.isfinite(z).all():
        return None
    return np.asarray(softmax(z, axis=1) - np.eye(k)[look.labels])


PROBES = (Probe("error_alignment", "cosine", error_alignment),)
