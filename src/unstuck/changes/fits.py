"""What a change does to inputs or targets, and where its numbers come from.

A fit is data: whoever prints it as code knows that a number is "the mean of each feature", and
need not guess it from its value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Clip, Log, Map
from unstuck.scalers import Affine, spreads

Floats = NDArray[np.float64]
Each = Literal["feature", "whole"]


class Shift(Enum):
    """What is subtracted."""

    NOTHING = "nothing"
    MEAN = "mean"
    MEDIAN = "median"


class Scale(Enum):
    """What is divided by; 1 where nothing varies."""

    ONE = "one"
    SPREAD = "standard deviation"
    QUARTILES = "interquartile range"


@dataclass(frozen=True)
class Affinely:
    """(x − shift) / scale, with the figures of the training examples that are finite.

    Args:
        shift, scale: which figures.
        each: of each feature on its own, or of all values together.
    """

    shift: Shift
    scale: Scale
    each: Each = "feature"

    def __call__(self, x: Floats) -> Affine:
        """Fitted to (n, d)."""
        x = finite(x)
        axis = 0 if self.each == "feature" else None
        zero = np.zeros(x.shape[1]) if axis == 0 and self.scale is not Scale.ONE else np.zeros(())
        if self.shift is Shift.MEAN:
            shift = np.asarray(x.mean(axis=axis))
        elif self.shift is Shift.MEDIAN:
            shift = np.asarray(np.median(x, axis=axis))
        else:
            shift = zero
        if self.scale is Scale.SPREAD:
            scale = _unit(spreads(x) if axis == 0 else np.asarray(x.std()))
        elif self.scale is Scale.QUARTILES:
            low, high = np.percentile(x, [25, 75], axis=axis)
            scale = _unit(np.asarray(high - low))
        else:
            scale = np.ones(shift.shape)
        return Affine(shift, scale)


@dataclass(frozen=True)
class ToBulk:
    """Values beyond `reach` times the 99th percentile of |x − median|, feature by feature, brought
    back to there; a feature whose bulk does not vary takes that of all."""

    reach: float = 3.0
    percentile: float = 99.0

    def __call__(self, x: Floats) -> Clip:
        """Fitted to (n, d)."""
        x = finite(x)
        middle = np.median(x, axis=0)
        distance = np.abs(x - middle)
        bulk = np.percentile(distance, self.percentile, axis=0)
        limit = self.reach * np.where(bulk > 0, bulk, np.percentile(distance, self.percentile))
        return Clip(middle - limit, middle + limit)


@dataclass(frozen=True)
class Logged:
    """sign(x)·ln(1 + |x|); no number of the data is needed."""

    def __call__(self, x: Floats) -> Log:
        """For (n, d)."""
        return Log()


Fit = Affinely | ToBulk | Logged
Fitted = Callable[[Floats], Map]


def finite(x: Floats) -> Floats:
    """Rows that are finite: what is fitted to."""
    return np.asarray(x[np.isfinite(x).all(axis=1)])


def _unit(sd: Floats) -> Floats:
    """Scales, 1 where nothing varies."""
    return np.asarray(np.where(sd > 0, sd, 1.0))
