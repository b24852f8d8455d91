"""Features and examples that do not vary."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def constant_features(look: Look) -> Measured:
    """Share of features with one and the same value in the whole sample."""
    x = look.features
    return float(np.mean(np.ptp(x, axis=0) == 0)) if x.size else None


def distinct_examples(look: Look) -> Measured:
    """Number of different examples in the sample, over all inputs."""
    n = len(look.sample.x[0])
    rows = np.concatenate([np.ascontiguousarray(a).reshape(n, -1) for a in look.sample.x], axis=1)
    rows = rows + np.zeros(1, rows.dtype)  # −0 and 0 are one number of two patterns
    return len({row.tobytes() for row in np.ascontiguousarray(rows)})


PROBES = (
    Probe("constant_features", "share", constant_features),
    Probe("distinct_examples", "examples", distinct_examples),
)
