"""What comes out of the last layer before training: spread, entropy, loss."""

import numpy as np
from scipy.special import entr, softmax

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def spread(look: Look) -> Measured:
    """Standard deviation of the logits (of the last layer's pre-activations)."""
    return float(look.seen.logits.std())


def entropy(look: Look) -> Measured:
    """Mean entropy of the softmax of the logits over ln K: 1 for a network that knows nothing,
    0 for one that is sure of every answer."""
    z = look.seen.logits
    if look.task != "classification" or z.shape[1] < 2 or not np.isfinite(z).all():
        return None
    return float(
        entr(softmax(z.astype(np.float64), axis=1)).sum(axis=1).mean() / np.log(z.shape[1])
    )


def expected_loss(look: Look) -> float | None:
    """Loss of an answer that knows nothing: ln K for K classes, ln 2 for a yes or no, the
    targets' variance for squared error, their mean absolute deviation for absolute error."""
    name = look.about.loss.name.lower()
    if look.task == "classification" and look.about.loss.targets in ("ids", "one-hot"):
        outputs = look.seen.output.shape[1]
        return float(np.log(outputs)) if outputs > 1 else None
    if look.about.loss.targets == "binary":
        return float(np.log(2.0)) * (look.seen.output.shape[1] if name == "log_loss" else 1)
    y = look.targets
    if y is None:
        return None
    if name in ("mse", "mseloss", "mean_squared_error", "meansquarederror", "mse_loss"):
        return float(y.var(axis=0).mean())
    if name == "squared_error":  # scikit-learn's: half of it
        return float(0.5 * y.var(axis=0).mean())
    if name in ("mae", "l1loss", "mean_absolute_error", "meanabsoluteerror", "l1_loss"):
        return float(np.abs(y - np.median(y, axis=0)).mean())
    return None


def loss_at_start(look: Look) -> Measured:
    """The loss over that of an answer that knows nothing (ln K for K classes; the targets'
    variance for squared error), regularisation left out where the loss tells it apart.

    Source: Karpathy 2019, "A recipe for training neural networks": verify the loss at the start.
    """
    expected, losses = expected_loss(look), look.seen.losses
    if not expected:
        return None
    return float((look.seen.loss if losses is None else losses.mean()) / expected)


def loss_of_nothing(look: Look) -> Measured:
    """The loss of the best answer that knows nothing of an example, regularisation left out: the
    entropy of the classes' shares (ln K for K equal ones, or ones weighted to be), the targets'
    variance for squared error."""
    expected = expected_loss(look)
    if not expected or look.about.routine.weights or look.labels is None:
        return float(expected) if expected else None
    _, counts = np.unique(look.labels, return_counts=True)
    entropy = float(entr(counts / counts.sum()).sum())
    return min(expected, entropy) if entropy else expected


PROBES = (
    Probe("logit_spread", "units of z", spread),
    Probe("output_entropy", "share of ln K", entropy),
    Probe("loss_at_start", "ratio", loss_at_start),
    Probe("loss_of_nothing", "the loss's own", loss_of_nothing),
)
