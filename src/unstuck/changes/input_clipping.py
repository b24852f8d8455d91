"""Outliers brought back to the bulk."""

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Intervention
from unstuck.changes.input_scaling import finite
from unstuck.setups.data import Clip

REACH = 3.0  # times the 99th percentile of |x − median|


def clip(x: NDArray[np.float64], reach: float = REACH) -> Clip:
    """Limits at so many times the 99th percentile of |x − median|, feature by feature."""
    x = finite(x)
    middle = np.median(x, axis=0)
    distance = np.abs(x - middle)
    bulk = np.percentile(distance, 99, axis=0)
    limit = reach * np.where(bulk > 0, bulk, np.percentile(distance, 99))
    return Clip(middle - limit, middle + limit)


CLIP = Intervention(
    "outliers-clipped",
    "outliers brought to three times the 99th percentile",
    lambda d: d.mapped(clip),
)
