"""How the validation inputs differ from the training inputs."""

import numpy as np

from unstuck.probes.look import Look, Measured, flat
from unstuck.probes.probe import Probe


def spread_ratio(look: Look) -> Measured:
    """Root mean square of the validation inputs over that of the training inputs, each about
    the training mean."""
    both = _both(look)
    if both is None:
        return None
    x, other = both
    middle = x.mean()
    own = np.sqrt(np.mean(np.square(x - middle)))
    return float(np.sqrt(np.mean(np.square(other - middle))) / own) if own else None


def shift(look: Look) -> Measured:
    """Median over varying features of |difference of means| / training standard deviation.

    Source: the standardized mean difference, Austin 2009.
    """
    both = _both(look)
    if both is None:
        return None
    x, other = both
    sd = look.spreads
    varies = sd > 0
    if not varies.any():
        return None
    differences = np.abs(other.mean(axis=0) - x.mean(axis=0))[varies] / sd[varies]
    return float(np.median(differences))


def _both(look: Look) -> tuple[np.ndarray, np.ndarray] | None:
    if look.sample.x_validation is None or not look.features.size:
        return None
    other = flat(look.sample.x_validation, look.sample.kinds)
    return (
        (look.features, other) if other.shape[1] == look.features.shape[1] and len(other) else None
    )


PROBES = (
    Probe("validation_spread_ratio", "ratio", spread_ratio),
    Probe("validation_shift", "standard deviations", shift),
)
