"""Sums over all of a network's parameters, which may be as large as memory is."""

import numpy as np
from numpy.typing import NDArray


def dot(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Σ aᵢbᵢ of two arrays of one shape, in float64, without a copy of either in it."""
    return float(np.einsum("i,i->", a.ravel(), b.ravel(), dtype=np.float64))
