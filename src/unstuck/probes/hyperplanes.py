"""Units whose hyperplane does not split the data, and units that are dead on them."""

import numpy as np
from numpy.typing import NDArray


def missing_share(pre_activations: NDArray[np.floating]) -> float:
    """Share of units with the whole sample on one side of their hyperplane.

    A unit's hyperplane is {x : w·x + b = 0}; it splits the data when some pre-activation is
    positive and some negative. A unit that does not split them is linear (or dead) on them.

    Args:
        pre_activations: (examples, units), any float dtype.
    """
    one_side = (pre_activations > 0).all(axis=0) | (pre_activations < 0).all(axis=0)
    return float(np.mean(one_side))


def dead_share(pre_activations: NDArray[np.floating]) -> float:
    """Share of units with no positive pre-activation in the sample: dead if they are ReLU.

    Source: Lu et al. 2019, "Dying ReLU and initialization".
    """
    return float(np.mean((pre_activations <= 0).all(axis=0)))
