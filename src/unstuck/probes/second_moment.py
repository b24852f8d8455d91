"""Eigenvalues of the inputs' second moment, which shape the first layer's curvature."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe

COLUMNS = 512  # features taken, evenly spaced: the eigenvalues cost their cube


def _eigenvalues(x: np.ndarray) -> np.ndarray:
    """Of XᵀX / n, descending, from whichever of XᵀX and XXᵀ is smaller."""
    n, d = x.shape
    gram = x.T @ x if d <= n else x @ x.T
    values: np.ndarray = np.linalg.eigvalsh(gram / n)[::-1]
    return values


def second_moment(look: Look) -> Measured:
    """Eigenvalues of E[x xᵀ] (uncentred) and of the covariance (centred): the largest, the
    largest over the smallest that is not 0 (condition number), and the mean's share, the part
    of the uncentred trace that is |E x|².

    Source: LeCun et al. 1998, "Efficient BackProp", §5: a mean that is not 0 adds one huge
    eigenvalue, and the largest sets the learning rate.
    """
    x = look.features
    if not x.size:
        return None
    x = x[:, :: -(-x.shape[1] // COLUMNS)]
    middle = x.mean(axis=0)
    try:
        raw, centred = _eigenvalues(x), _eigenvalues(x - middle)
    except np.linalg.LinAlgError:  # numbers whose squares are beyond float64
        return None
    trace = raw.sum()

    def condition(values: np.ndarray) -> float | None:
        kept = values[values > values[0] * 1e-12] if values[0] > 0 else values[:0]
        return float(kept[0] / kept[-1]) if kept.size else None

    return {
        "largest": float(raw[0]),
        "largest_centred": float(centred[0]),
        "condition": condition(raw),
        "condition_centred": condition(centred),
        "mean_share": float(middle @ middle / trace) if trace > 0 else None,
    }


PROBES = (Probe("second_moment", "units of the inputs, squared", second_moment),)
