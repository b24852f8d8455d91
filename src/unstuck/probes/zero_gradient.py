"""Examples that are wrong and yet send no gradient: training cannot correct them."""

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


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


def frozen(look: Look) -> Measured:
    """Share of all examples that are wrong and whose loss has a gradient of exactly 0 with
    respect to the logits: training cannot correct them."""
    if look.seen.logit_gradients is None or look.wrong is None:
        return None
    if len(look.seen.logit_gradients) != len(look.wrong):
        return None
    return zero_gradient_wrong_share(look.seen.logit_gradients, ~look.wrong)


def wrong(look: Look) -> Measured:
    """Share of examples whose output is wrong: not the largest for their class; in a regression
    off by over a tenth of the targets' standard deviation."""
    return None if look.wrong is None else float(look.wrong.mean())


PROBES = (
    Probe("frozen_examples", "share", frozen),
    Probe("wrong_examples", "share", wrong),
)
