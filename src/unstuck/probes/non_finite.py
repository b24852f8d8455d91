"""NaN and infinite values, wherever they are."""

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import finite
from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def _count(*arrays: NDArray[np.generic] | None) -> int:
    return sum(
        int(np.count_nonzero(~finite(a)))
        for a in arrays
        if a is not None and np.issubdtype(a.dtype, np.inexact)
    )


def non_finite(look: Look) -> Measured:
    """Number of NaN or infinite values in inputs, targets, parameters, output and gradients;
    infinite is what float32 has no number for."""
    seen, sample = look.seen, look.sample
    return {
        "inputs": _count(*sample.x),
        "targets": _count(sample.y),
        "validation": _count(*(sample.x_validation or ()), sample.y_validation),
        "parameters": _count(*(p.value for p in seen.parameters)),
        "output": _count(seen.output),
        "gradients": _count(*(p.gradient for p in seen.parameters)),
    }


PROBES = (Probe("non_finite", "values", non_finite),)
