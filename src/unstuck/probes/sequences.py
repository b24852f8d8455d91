"""Sequences: padding behind their ends, and ids of an embedding that are no whole numbers."""

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.rows import padding_behind
from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def padded(look: Look) -> Measured:
    """Mean share of an example's positions that are padding (0) behind its end; only where the
    lengths differ."""
    shares = [
        share
        for a, kind in zip(look.sample.x, look.sample.kinds, strict=True)
        if a.ndim == (2 if kind == "ids" else 3) and (share := _share(a)) is not None
    ]
    return max(shares, default=None)


def _share(a: NDArray[np.generic]) -> float | None:
    """Of sequences (n, time) of ids, or (n, time, features)."""
    behind = padding_behind(a)
    return float(behind.mean() / a.shape[1]) if np.ptp(behind) else None


def answer_variation(look: Look) -> Measured:
    """Standard deviation of the logits over examples, over their root mean square: next to 0 for
    a network whose answer does not depend on what it is shown. Not measured where that is on
    purpose: a last kernel that is 0."""
    if look.begins_at_zero:
        return None
    z = look.seen.logits.astype(np.float64)
    size = float(np.sqrt(np.mean(np.square(z))))
    if len(z) < 2 or not np.isfinite(size) or size == 0:
        return None
    return float(np.sqrt(np.mean(np.square(z - z.mean(axis=0)))) / size)


def id_fractions(look: Look) -> Measured:
    """Share of the values that an embedding looks up that are no whole numbers."""
    shares = [
        float(np.mean(a != np.round(a)))
        for a, kind in zip(look.sample.x, look.sample.kinds, strict=True)
        if kind == "ids" and a.dtype.kind == "f" and np.isfinite(a).all()
    ]
    return max(shares, default=None)


PROBES = (
    Probe("padding_behind", "share of positions", padded),
    Probe("answer_variation", "ratio", answer_variation),
    Probe("id_fractions", "share of values", id_fractions),
)
