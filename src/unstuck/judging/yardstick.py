"""How a trial is judged: the held-out metric in the user's units, and skill from 0 to 1."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.probes.look import Look
from unstuck.setups.subject import About, Floats, Observation, Sample


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The truth about the held-out examples, and what knowing nothing scores on it.

    Args:
        labels: (n,) class ids, for classification; None for regression.
        targets: (n, k) in the user's units, for regression.
        trivial: the metric of always answering the commonest class, or the mean target, of the
            training examples.
        binary: whether one output decides between two classes, above `threshold`.
    """

    labels: NDArray[np.int64] | None
    targets: NDArray[np.float64] | None
    trivial: float
    binary: bool = False
    threshold: float = 0.5

    @property
    def metric(self) -> str:
        """ "accuracy", or "rmse" in the targets' units."""
        return "accuracy" if self.targets is None else "rmse"

    def value(self, output: Floats) -> float:
        """The metric of an output (n, k), in the user's units; NaN where it is not finite."""
        if not np.isfinite(output).all():
            return float("nan")
        if self.targets is not None:
            if output.shape != self.targets.shape:
                return float("nan")
            return float(np.sqrt(np.mean(np.square(output - self.targets, dtype=np.float64))))
        said = output[:, 0] > self.threshold if self.binary else output.argmax(axis=1)
        return float(np.mean(said == self.labels))

    def skill(self, value: float) -> float:
        """A metric's value as skill: 1 is perfect, 0 knowing nothing, worse, or not finite.

        Accuracy a: (a − trivial) / (1 − trivial), as Cohen's kappa with the commonest class for
        chance. Error e: 1 − (e / trivial)², the coefficient of determination on held-out data.
        """
        if not np.isfinite(value) or self.trivial in (0.0, 1.0 if self.targets is None else 0.0):
            return 0.0
        if self.targets is None:
            return max(0.0, (value - self.trivial) / (1.0 - self.trivial))
        return max(0.0, 1.0 - (value / self.trivial) ** 2)

    def gain(self, value: float, base: float) -> float:
        """How much better a value is than the base's, in the metric's units."""
        return value - base if self.targets is None else base - value


def yardstick(about: About, data: Data, outputs: int) -> Yardstick | None:
    """The yardstick for a set-up's held-out data; None where there is nothing to judge by.

    Args:
        outputs: number of the network's outputs.
    """
    look = _as_look(about, data.y_held, outputs)
    train = _as_look(about, data.y, outputs)
    if look.task == "regression":
        targets, known = look.targets, train.targets
        if targets is None or known is None or not np.isfinite(targets).all():
            return None
        middle = np.nanmean(known, axis=0)
        trivial = float(np.sqrt(np.mean(np.square(targets - middle))))
        return Yardstick(None, targets, trivial)
    both = np.concatenate([data.y, data.y_held])
    labels = _as_look(about, both, outputs).labels
    if labels is None or (
        look.task == "classification" and outputs > 1 and _outside(labels, outputs)
    ):
        labels = recoded(both, max(outputs, 2))
    if labels is None:
        return None
    seen, held = labels[: len(data.y)], labels[len(data.y) :]
    common = np.bincount(seen[seen >= 0]).argmax()
    binary = outputs == 1
    threshold = 0.5 if about.output_activation in ("sigmoid", "softmax") else 0.0
    return Yardstick(held, None, float(np.mean(held == common)), binary, threshold)


def recoded(y: NDArray[np.generic], classes: int) -> NDArray[np.int64] | None:
    """Class ids 0 … K−1 in the order of the distinct values; None if there are more than K."""
    flat = y.reshape(len(y), -1)
    if flat.shape[1] != 1:
        return None
    values, ids = np.unique(flat[:, 0], return_inverse=True)
    return ids.astype(np.int64) if 2 <= len(values) <= classes else None


def _outside(labels: NDArray[np.int64], outputs: int) -> bool:
    return bool(labels.min() < 0 or labels.max() >= outputs)


def _as_look(about: About, y: NDArray[np.generic], outputs: int) -> Look:
    """A look of which only targets and the number of outputs are used."""
    output = np.zeros((len(y), outputs))
    seen = Observation((), (), output, output, None, 0.0, None)
    return Look(about, Sample((), y), seen)
