"""Steps that a script writes out: whether they go downhill, and whether by gradient descent."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Coordinates of a first step that go against the gradient: all of gradient descent's, momentum's
# and Adam's, half of those of anything unrelated.
DOWNHILL = 0.9
LARGE = 1e-3  # of the largest slope: what lies below may round to anything


def rate(
    before: Sequence[ArrayLike], slopes: Sequence[ArrayLike], after: Sequence[ArrayLike]
) -> float | None:
    """The rate r of after = before − r · slope.

    Args:
        before, after: parameters around a step.
        slopes: their gradients, of the same shapes.

    Returns:
        0 where the step goes downhill by another rule, None where it does not.
    """
    old, slope, moved = map(_flat, (before, slopes, after))
    large = np.abs(slope) > LARGE * np.abs(slope).max(initial=0)
    if not large.any():
        return None
    downhill = np.sign(old - moved)[large] == np.sign(slope[large])
    if downhill.mean() < DOWNHILL:
        return None
    found = float(np.median((old - moved)[large] / slope[large]))
    # float32 keeps seven digits of the parameters, of which the step is a small part
    rounding = 1e-6 * np.abs(old).max() + 1e-3 * abs(found) * np.abs(slope).max()
    if not found > 0 or not np.allclose(old - found * slope, moved, rtol=0, atol=rounding):
        return 0.0
    return float(f"{found:.4g}")  # which rounding leaves of it


def _flat(arrays: Sequence[ArrayLike]) -> NDArray[np.float64]:
    return np.concatenate([np.ravel(np.asarray(a, np.float64)) for a in arrays])
