"""Where the inputs lie and how far they spread."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def mean(look: Look) -> Measured:
    """Mean of all input values."""
    return float(look.features.mean()) if look.features.size else None


def spread(look: Look) -> Measured:
    """Standard deviation of all input values taken together."""
    return float(look.features.std()) if look.features.size else None


def size(look: Look) -> Measured:
    """Root mean square of all input values, √(mean x²): what multiplies the first kernel.

    With n inputs and kernel variance v a pre-activation starts with variance n·v·size².
    Source: LeCun et al. 1998, "Efficient BackProp", §4.6; Glorot & Bengio 2010, eq. 5.
    """
    return float(np.sqrt(np.mean(np.square(look.features)))) if look.features.size else None


def value_range(look: Look) -> Measured:
    """Smallest and largest input value."""
    if not look.features.size:
        return None
    return {"min": float(look.features.min()), "max": float(look.features.max())}


def offset(look: Look) -> Measured:
    """Median over features of |mean| / standard deviation; features that never vary left out."""
    x = look.features
    if not x.size:
        return None
    sd = look.spreads
    varies = sd > 0
    if not varies.any():
        return None
    return float(np.median(np.abs(x.mean(axis=0)[varies]) / sd[varies]))


PROBES = (
    Probe("input_mean", "units of the inputs", mean),
    Probe("input_spread", "units of the inputs", spread),
    Probe("input_size", "units of the inputs", size),
    Probe("input_range", "units of the inputs", value_range),
    Probe("input_offset", "standard deviations", offset),
)
