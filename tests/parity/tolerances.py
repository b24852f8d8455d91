"""How close is close enough: every tolerance of these tests, each with its reason.

A difference is measured against 1 or the reference's magnitude, whichever is larger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    bound: float
    reason: str


TOLERANCES: Mapping[str, Tolerance] = {
    "float64": Tolerance(
        1e-9,
        "sums are taken in another order: 1e-14 was seen after 60 steps, 1e-12 with Adagrad; "
        "neighbouring rows of the table part by 1e-3",
    ),
    "float32": Tolerance(1e-4, "rounding of 6e-8 a step, carried on for 60 steps; 2e-5 was seen"),
    "frozen by Adam": Tolerance(
        1e-3,
        "in float32 Adam divides gradients that have all but vanished by their own size, and so "
        "keeps nothing of them but their rounding: Keras's two backends part by 2e-4",
    ),
    "renormalized by TensorFlow": Tolerance(
        1e-6,
        "TensorFlow's sparse cross-entropy divides clipped probabilities by their sum, which "
        "clipping has raised by up to 1e-7 a class",
    ),
    "reported": Tolerance(
        1e-6, "an accuracy is a share of a count, kept in float32; 1e-8 was seen"
    ),
    "packed": Tolerance(
        3e-5,
        "stacked runs share matrix products, which sum in another order in float32; 1e-7 was seen",
    ),
    "formula": Tolerance(1e-12, "one evaluation of a formula in float64"),
    "formula32": Tolerance(2e-6, "one evaluation of a formula in float32, a few roundings"),
}


def deviation(ours: Any, theirs: Any) -> Any:
    """|ours − theirs| / max(1, |theirs|), the largest of each row (axis 0)."""
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    assert a.shape == b.shape
    assert np.isfinite(b).all(), "the reference itself is not finite"
    relative = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    return relative.reshape(len(a), -1).max(axis=1)


def assert_close(ours: Any, theirs: Any, tolerance: str, rows: Sequence[str] | None = None) -> None:
    """Fails with every row that is off, and by how much."""
    allowed = TOLERANCES[tolerance]
    a, b = (np.asarray(v) for v in (ours, theirs))
    if rows is None:
        a, b, rows = a[None], b[None], ["values"]
    found = deviation(a, b)
    off = [f"{row}: {d:.1e}" for row, d in zip(rows, found, strict=True) if not d <= allowed.bound]
    assert not off, f"off by more than {allowed.bound:.0e} ({allowed.reason}):\n" + "\n".join(off)
