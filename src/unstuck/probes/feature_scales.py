"""How far apart the scales of the features are."""

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def scales(look: Look) -> NDArray[np.float64]:
    """Each feature's sd / √(share of examples where it is not its median), those that vary only.

    For a dense feature that is its standard deviation. For one that mostly stays at one value
    (one-hot, counts, pixels at the border, centred or not) it is about how far from it the others
    are, so that rarity alone does not make a feature small.
    """
    varies = look.spreads > 0
    present = np.mean(look.features != look.medians, axis=0)
    return np.asarray(look.spreads[varies] / np.sqrt(present[varies]))


def ratio(look: Look) -> Measured:
    """Largest scale of a feature over the typical one (geometric middle), or, if larger, the
    95th over the 5th percentile of scales.

    Source: the condition number of a linear layer's Hessian is at least the square of the ratio
    of the features' spreads: LeCun et al. 1998, "Efficient BackProp", §5.
    """
    logs = np.log(scales(look)) if look.features.size else np.empty(0)
    if logs.size < 2:
        return None
    low, middle, high = np.percentile(logs, [5, 50, 95])
    return float(np.exp(min(700.0, max(logs.max() - middle, high - low))))


PROBES = (Probe("feature_scale_ratio", "ratio", ratio),)
