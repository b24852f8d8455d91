"""Units whose hyperplane does not split the data, and units that are dead on them."""

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


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


def dead(look: Look) -> Measured:
    """Share of a ReLU layer's units with no positive pre-activation in the sample: dead on it.

    Source: Lu et al. 2019, "Dying ReLU and initialization".
    """
    return {
        layer.name: dead_share(layer.pre_activation)
        for layer in look.seen.layers
        if layer.pre_activation is not None and layer.activation in ("relu", "relu6")
    }


def missing(look: Look) -> Measured:
    """Share of a hidden layer's units with the whole sample on one side of their hyperplane
    {x : w·x + b = 0}: linear, or dead, on the sample."""
    return {
        layer.name: missing_share(layer.pre_activation)
        for layer in look.seen.layers[:-1]
        if layer.pre_activation is not None
    }


PROBES = (
    Probe("dead_units", "share", dead),
    Probe("missing_hyperplanes", "share", missing),
)
