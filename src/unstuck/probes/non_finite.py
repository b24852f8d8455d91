"""NaN and infinite values, wherever they are."""

import math

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import finite
from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe
from unstuck.setups.subject import Moving


def _count(*arrays: NDArray[np.generic] | None) -> int:
    return sum(
        int(np.count_nonzero(~finite(a)))
        for a in arrays
        if a is not None and np.issubdtype(a.dtype, np.inexact)
    )


def _unsound(moving: Moving) -> int:
    """Number of moving statistics that make an output NaN, now or after a step."""
    if moving.momentum is not None and not math.isfinite(moving.momentum):
        return moving.mean.size + moving.variance.size
    below = int(np.count_nonzero(moving.variance < 0))
    return _count(moving.mean, moving.variance) + below


def non_finite(look: Look) -> Measured:
    """Number of NaN or infinite values in data, parameters, statistics, output and gradients;
    infinite is what float32 has no number for. Of moving statistics also variances below 0 and
    what a momentum that is NaN will make so."""
    seen, sample = look.seen, look.sample
    return {
        "inputs": _count(*sample.x),
        "targets": _count(sample.y),
        "validation": _count(*(sample.x_validation or ()), sample.y_validation),
        "parameters": _count(*(p.value for p in seen.parameters)),
        "statistics": sum(map(_unsound, seen.moving)),
        "output": _count(seen.output),
        "gradients": _count(*(p.gradient for p in seen.parameters)),
    }


PROBES = (Probe("non_finite", "values", non_finite),)
