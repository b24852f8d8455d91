"""Inputs moved or scaled: centre, spread, both; as a whole or per feature; robust; log."""

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Intervention
from unstuck.probes.look import spreads
from unstuck.scalers import Affine
from unstuck.setups.data import Log

Floats = NDArray[np.float64]


def finite(x: Floats) -> Floats:
    """Rows that are finite: what a scaler is fitted to."""
    return np.asarray(x[np.isfinite(x).all(axis=1)])


def _unit(sd: Floats) -> Floats:
    """Scales, 1 where nothing varies."""
    return np.where(sd > 0, sd, 1.0)


def center(x: Floats) -> Affine:
    x = finite(x)
    return Affine(x.mean(axis=0), np.ones(x.shape[1]))


def unit_spread(x: Floats) -> Affine:
    return Affine(np.zeros(()), _unit(np.asarray(finite(x).std())))


def _standard(x: Floats) -> Affine:
    x = finite(x)
    return Affine(np.asarray(x.mean()), _unit(np.asarray(x.std())))


def standard_per_feature(x: Floats) -> Affine:
    """Mean 0 and standard deviation 1, column by column."""
    x = finite(x)
    return Affine(x.mean(axis=0), _unit(spreads(x)))


def _robust(x: Floats) -> Affine:
    low, middle, high = np.percentile(finite(x), [25, 50, 75], axis=0)
    return Affine(middle, _unit(high - low))


CENTER = Intervention("inputs-centered", "every feature less its mean", lambda d: d.mapped(center))
SPREAD = Intervention(
    "inputs-unit-spread",
    "inputs divided by their standard deviation",
    lambda d: d.mapped(unit_spread),
)
STANDARD = Intervention(
    "inputs-standardized", "inputs standardized as a whole", lambda d: d.mapped(_standard)
)
PER_FEATURE = Intervention(
    "features-standardized",
    "every feature standardized on its own",
    lambda d: d.mapped(standard_per_feature),
)
ROBUST = Intervention(
    "inputs-robust",
    "every feature less its median, divided by its interquartile range",
    lambda d: d.mapped(_robust),
)
LOG = Intervention(
    "inputs-log", "sign(x)·ln(1 + |x|) of the inputs", lambda d: d.mapped(lambda x: Log())
)
