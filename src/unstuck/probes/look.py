"""What the probes measure: one look at a subject, and what follows from it at once."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.records.report import Measured as Measured
from unstuck.records.report import Value as Value
from unstuck.scalers import spreads
from unstuck.setups.subject import About, Inputs, Observation, Sample, Task

FEATURES = 4_096  # looked at, evenly spaced, where inputs have more
# Examples of a class on average, below which whole numbers are numbers; Cochran 1954, "Some methods
# for strengthening the common χ² tests": the least count a cell can be judged by.
A_CLASS = 5


@dataclass(frozen=True)
class Curvature:
    """Largest eigenvalues of the loss Hessian on part of the sample; see `probes.sharpness`.

    Args:
        sharpness: of the Hessian H.
        preconditioned: of P⁻¹H for optimizers that divide by P; None for others.
    """

    sharpness: float | None
    preconditioned: float | None = None


@dataclass(frozen=True, eq=False)
class Look:
    """One look at a subject: its sample and what was observed with it."""

    about: About
    sample: Sample
    seen: Observation
    curvature: Curvature | None = None

    @cached_property
    def features(self) -> NDArray[np.float64]:
        """(n, d) all inputs that are values, flattened; only rows that are finite. d may be 0."""
        return flat(self.sample.x, self.sample.kinds)

    @cached_property
    def spreads(self) -> NDArray[np.float64]:
        """(d,) of `features`; see `spreads`."""
        return spreads(self.features)

    @cached_property
    def medians(self) -> NDArray[np.float64]:
        """(d,) of `features`."""
        return np.asarray(np.median(self.features, axis=0))

    @cached_property
    def begins_at_zero(self) -> frozenset[str]:
        """Names of kernels that are 0 throughout, on purpose: they move with the first step, and
        until then pass no gradient back.

        Source: Zhang et al. 2019, "Fixup initialization"; Hu et al. 2022, "LoRA".
        """
        return frozenset(
            p.name
            for p in self.seen.parameters
            if p.fan_in is not None
            and p.gradient is not None
            and not np.any(p.value)
            and np.any(p.gradient)
        )

    @cached_property
    def task(self) -> Task:
        """What is learned, told from the loss and, where that says nothing, from the targets."""
        y, outputs = self.sample.y, self.seen.output.shape[1]
        wants = self.about.loss.targets
        if y is None:
            return "unknown"
        if wants in ("ids", "one-hot") or (one_hot(y) and outputs > 1):
            return "classification"
        if wants == "binary":
            return "binary"
        if wants == "unknown" and outputs > 1 and y.size == len(y):
            # One number an example for several outputs: a class, if there are not too many.
            whole = np.issubdtype(y.dtype, np.integer)
            return "classification" if whole or len(np.unique(y)) <= outputs else "regression"
        return "regression"

    @cached_property
    def labels(self) -> NDArray[np.int64] | None:
        """(n,) class ids of the sample; None unless each example belongs to one of K classes."""
        y = self.sample.y
        if y is None or self.task == "regression" or len(y) != len(self.seen.output):
            return None
        if one_hot(y):
            return np.asarray(y.argmax(axis=1))
        if y.size == len(y) and np.isfinite(y).all():
            whole = np.round(y.ravel())
            return whole.astype(np.int64) if np.allclose(whole, y.ravel()) else None
        return None

    @cached_property
    def undivided(self) -> int:
        """Classes, where they are more than the outputs can tell apart; else 0."""
        y = self.sample.y
        if y is None or self.labels is None or one_hot(y):
            return 0
        return undivided(self.about.loss.counted(self.labels), self.seen.output.shape[1])

    @cached_property
    def targets(self) -> NDArray[np.float64] | None:
        """(n, k) targets of a regression; None for other tasks."""
        y = self.sample.y
        if y is None or self.task != "regression":
            return None
        return y.reshape(len(y), -1).astype(np.float64)

    @cached_property
    def wrong(self) -> NDArray[np.bool_] | None:
        """(n,) whether an example's output is wrong; None where that cannot be told.

        Classes: not the largest output. Regression: off by over a tenth of the targets' spread.
        """
        output = self.seen.output
        if self.targets is not None:
            if self.targets.shape != output.shape:
                return None
            tolerance = 0.1 * self.targets.std(axis=0)
            return np.asarray((np.abs(output - self.targets) > tolerance).any(axis=1))
        if self.labels is None:
            return None
        if output.shape[1] == 1:
            threshold = 0.5 if self.about.output_activation in ("sigmoid", "softmax") else 0.0
            return np.asarray((output[:, 0] > threshold) != (self.labels > 0))
        return np.asarray(output.argmax(axis=1) != self.labels)


def flat(x: Inputs, kinds: tuple[str, ...]) -> NDArray[np.float64]:
    """(n, d) float64 of all inputs that are values: finite rows, at most `FEATURES` columns."""
    n = len(x[0])
    parts = [a.reshape(n, -1) for a, kind in zip(x, kinds, strict=True) if kind == "values"]
    total = sum(part.shape[1] for part in parts)
    if not total:
        return np.empty((n, 0))
    step = -(-total // FEATURES)
    columns = np.concatenate([part[:, ::step] for part in parts], axis=1).astype(np.float64)
    return columns[np.isfinite(columns).all(axis=1)]


def one_hot(y: NDArray[Any]) -> bool:
    """Whether targets are one-hot rows: (n, k ≥ 2), a single 1 among zeros."""
    if y.ndim != 2 or y.shape[1] < 2:
        return False
    return bool((((y == 0) | (y == 1)).all()) and (y.sum(axis=1) == 1).all())


def undivided(labels: NDArray[np.int64], outputs: int) -> int:
    """Classes of (n,) labels, where they are more than the outputs can tell apart (two for a single
    one), none is below 0, and each has `A_CLASS` examples on average; else 0."""
    classes = len(np.unique(labels))
    few = classes <= max(outputs, 2) or len(labels) < A_CLASS * classes or labels.min() < 0
    return 0 if few else classes
