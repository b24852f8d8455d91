"""Outliers planted on purpose, to ask which scaler stands them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import UsageError


@dataclass(frozen=True)
class Outliers:
    """How many outliers to plant, and how far out.

    Args:
        share: share of the rows, 0..1, that get one outlier each. Default 0.01.
        factor: the outlier's value, in units of the largest |x|. Default 100.
        seed: which rows and which features. Default 0.

    Raises:
        UsageError: `share` lies outside 0..1, or `factor` is not finite.
    """

    share: float = 0.01
    factor: float = 100.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"outliers in a share of {self.share:g} of the rows", "0 to 1")
        if not math.isfinite(self.factor):
            raise UsageError(f"outliers at {self.factor:g} × the largest value", "finite")
        if self.seed < 0:
            raise UsageError(f"outliers from seed {self.seed}", "0 or more")


def plant(x: NDArray[Any], outliers: Outliers) -> NDArray[np.float32]:
    """Set one feature, drawn at random, to an extreme value in a share of the rows.

    Args:
        x: (n, d) features, any real dtype; left as it is.
        outliers: how many rows (rounded to the nearest number), how extreme, which seed.

    Returns:
        (n, d) float32 copy of `x` with the outliers in it.

    Raises:
        UsageError: the outliers would be too large for float32.
    """
    n, d = x.shape
    rng = np.random.default_rng(outliers.seed)
    rows = rng.choice(n, size=round(outliers.share * n), replace=False)
    columns = rng.integers(d, size=len(rows))
    # |x| taken on Python floats: abs(-128) does not exist in int8.
    value = outliers.factor * max(abs(float(x.max())), abs(float(x.min())))
    if abs(value) > float(np.finfo(np.float32).max):
        raise UsageError(f"an outlier of {value:g}", "a value that float32 can hold")
    planted = x.astype(np.float32)
    planted[rows, columns] = value
    return planted
