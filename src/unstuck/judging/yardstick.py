"""How a trial is judged: by the script's own loss, and by accuracy, as values and as skill.

Skill makes measures alike and is linear in each: 0 is the best constant answer, 1 a perfect one.
It is not clipped at 0; below −1 (twice as bad as knowing nothing) all count alike, so that one
diverged seed is a rank and not a number of 34 digits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.judging.constant import best_constant, positions
from unstuck.probes.look import Look, undivided
from unstuck.setups.subject import About, Floats, Observation, Sample
from unstuck.setups.trainer import fitted_rows

WORST = -1.0  # skill that counts for whatever is worse
ACCURACY, LOSS = "accuracy", "loss"

OwnLoss = Callable[[Floats, NDArray[np.generic]], float]  # (output, targets) ↦ mean loss


@dataclass(frozen=True)
class Measure:
    """One measure on one set of examples.

    Args:
        name: "accuracy", or "loss": the script's own.
        trivial: of the best constant answer that the training examples know of.
        perfect: 1 for accuracy; for a loss 0, or less where the constant's is not above 0.
    """

    name: str
    trivial: float
    perfect: float

    def skill(self, value: float) -> float:
        """A value as skill; `WORST`, or an accuracy of 0, where it is not finite or worse."""
        if not np.isfinite(value):
            return WORST if self.name == LOSS else self.skill(0.0)
        if self.trivial == self.perfect:
            return 0.0
        return max(WORST, (self.trivial - value) / (self.trivial - self.perfect))

    def value(self, skill: float) -> float:
        """The value that has this skill."""
        return self.trivial - skill * (self.trivial - self.perfect)


@dataclass(frozen=True)
class Judged:
    """One output on one set of examples.

    Args:
        values, skills: by measure.
        beside: other measures in the users' units: "rmse", "balanced accuracy".
    """

    values: dict[str, float]
    skills: dict[str, float]
    beside: dict[str, float]


@dataclass(frozen=True, eq=False)
class Yardstick:
    """The truth about one split of the data.

    Args:
        y: (n, …) targets as the loss gets them, in the user's units.
        labels: (n,) class ids; None for a regression.
        measures: that can be told here.
        own: the script's own loss, or squared error where that rewards errors.
        weights: (K,) of classes; None for equal ones.
        binary: whether one output decides between two classes, above `threshold`.
    """

    y: NDArray[np.generic]
    labels: NDArray[np.int64] | None
    measures: tuple[Measure, ...]
    own: OwnLoss
    weights: NDArray[np.float64] | None = None
    binary: bool = False
    threshold: float = 0.5

    @property
    def constant(self) -> float:
        """Skill by accuracy of the constant answer that is right most often here."""
        assert self.labels is not None
        known = np.unique(self.labels[self.labels >= 0])
        shares = [accuracy(self.labels == k, self.labels, self.weights) for k in known]
        by_accuracy = next(m for m in self.measures if m.name == ACCURACY)
        return max(map(by_accuracy.skill, shares), default=0.0)

    def name_of(self, measure: str, loss: str) -> str:
        """A measure as it is told.

        Args:
            loss: the name of the script's own.
        """
        if measure != LOSS:
            return measure
        return "squared error" if self.own is _squared else loss

    def judged(self, output: Floats) -> Judged:
        """An output (n, k), in the user's units, judged by every measure."""
        values: dict[str, float] = {}
        beside: dict[str, float] = {}
        sound = bool(np.isfinite(output).all())
        for measure in self.measures:
            if measure.name == ACCURACY:
                values[ACCURACY] = self._accuracy(output) if sound else float("nan")
            else:
                values[LOSS] = self.own(output, self._targets(output)) if sound else float("nan")
        if self.labels is None:
            targets = self.y.astype(np.float64)
            if sound and output.size == targets.size:
                targets = targets.reshape(output.shape)
                beside["rmse"] = float(np.sqrt(np.mean(np.square(output - targets))))
        elif sound:
            beside["balanced accuracy"] = self._balanced(output)
        skills = {m.name: m.skill(values[m.name]) for m in self.measures}
        return Judged(values, skills, beside)

    def _said(self, output: Floats) -> NDArray[np.int64]:
        if self.binary and output.shape[1] == 1:
            return (output[:, 0] > self.threshold).astype(np.int64)
        return np.asarray(output.argmax(axis=1), np.int64)

    def _accuracy(self, output: Floats) -> float:
        assert self.labels is not None
        return accuracy(self._right(output), self.labels, self.weights)

    def _right(self, output: Floats) -> NDArray[np.bool_]:
        """(n,) of each example."""
        coded = self._targets(output)
        ids = coded.reshape(-1) if self._as_ids else self.labels
        return np.asarray(self._said(output) == ids)

    def _targets(self, output: Floats) -> NDArray[np.generic]:
        """The targets in the coding that an output agrees with: where they are no class ids from 0
        on, a network that was trained on them answers with them, one that was trained on recoded
        ones with their ranks, `labels`."""
        if self.labels is None or not self._as_ids:
            return self.y
        said, ranks = self._said(output), self.labels.astype(self.y.dtype).reshape(self.y.shape)
        better = np.sum(said == self.labels) > np.sum(said == self.y.reshape(-1))
        return ranks if better else self.y

    @property
    def _as_ids(self) -> bool:
        """Whether the targets are one whole number a label."""
        return (
            self.labels is not None
            and self.y.size == len(self.labels)
            and self.y.dtype.kind in "iu"
        )

    def _balanced(self, output: Floats) -> float:
        assert self.labels is not None
        right = self._right(output)
        known = np.unique(self.labels[self.labels >= 0])
        return float(np.mean([right[self.labels == k].mean() for k in known]))


def accuracy(
    right: NDArray[np.bool_], labels: NDArray[np.int64], weights: NDArray[np.float64] | None
) -> float:
    """Share of examples that are right, each with its class's weight; labels below 0 are none."""
    counted = labels >= 0
    right, labels = right[counted], labels[counted]
    if weights is None:
        return float(np.mean(right))
    of = weights[np.clip(labels, 0, len(weights) - 1)]
    if of.sum() == 0:
        return float(np.mean(right))
    return float(np.average(right.astype(np.float64), weights=of))


def yardsticks(
    about: About, data: Data, outputs: int, own: OwnLoss
) -> tuple[Yardstick, Yardstick] | None:
    """Those for the held-out and for the fitted training examples; None where there is nothing to
    judge by.

    Args:
        outputs: number of the network's outputs.
        own: the script's own mean loss.
    """
    rows = fitted_rows(len(data.y))
    fitted = data.y[rows]
    look = _as_look(about, data.y, outputs)
    if not np.isfinite(np.asarray(data.y, np.float64)).any():
        return None
    numbers = look.task == "regression" or _soft(look, data.y, outputs) or _counts(look, outputs)
    if numbers:
        train, held, labels, weights = fitted, data.y_held, None, None
        common, at = None, positions(about, data.y, outputs)
    else:
        both = _labels(about, data, outputs)
        if both is None:
            return None
        labels, weights = both, _weights(about, both)
        train, held = fitted, data.y_held
        at = len(both) // (len(data.y) + len(data.y_held))  # positions an example
        seen = both[: len(data.y) * at]
        share = np.bincount(seen[seen >= 0]).astype(np.float64)
        if weights is not None:
            share *= np.resize(weights, len(share))
        common = int(share.argmax())
    if labels is None and (_beyond(look, fitted) or _rewards_errors(fitted, outputs, own)):
        own = _squared
    few = labels is not None and undivided(labels, outputs)  # its loss is one of other targets
    constant = best_constant(about, fitted, outputs, own)
    made = []
    for y, of in ((held, np.arange(len(data.y), len(data.y) + len(held))), (train, rows)):
        measures = []
        own_labels = None if labels is None else labels.reshape(-1, at)[of].ravel()
        if own_labels is not None:
            trivial = accuracy(np.asarray(own_labels == common), own_labels, weights)
            measures.append(Measure(ACCURACY, trivial, 1.0))
        nothing = float("nan") if constant is None else own(np.tile(constant, (len(y) * at, 1)), y)
        if np.isfinite(nothing) and not few:
            measures.append(Measure(LOSS, nothing, 0.0 if nothing > 0 else 2 * nothing - 1))
        if not measures:
            return None
        threshold = 0.5 if about.output_activation in ("sigmoid", "softmax") else 0.0
        made.append(
            Yardstick(y, own_labels, tuple(measures), own, weights, outputs == 1, threshold)
        )
    return made[0], made[1]


def _soft(look: Look, y: NDArray[np.generic], outputs: int) -> bool:
    """Whether a loss for probabilities has a number an output for its target, not classes: pixels
    of an autoencoder, several labels an example."""
    return look.task == "binary" and outputs > 1 and y.shape == (len(y), outputs)


def _counts(look: Look, outputs: int) -> bool:
    """Whether a loss for two classes is given whole numbers, too many of them to be classes."""
    if look.task != "binary" or outputs > 1 or look.labels is None or look.undivided:
        return False
    return len(np.unique(look.labels)) > 2


def _beyond(look: Look, y: NDArray[np.generic]) -> bool:
    """Whether a loss for probabilities is given targets that are none: it has no least value."""
    return look.task == "binary" and bool(np.nanmin(y) < 0 or np.nanmax(y) > 1)


def _rewards_errors(y: NDArray[np.generic], outputs: int, own: OwnLoss) -> bool:
    """Whether, by a loss, the targets themselves are a worse output than any that is off by one or
    two of their standard deviations: it is no measure of what is wanted."""
    if y.size != len(y) * outputs or not np.isfinite(y).all():
        return False
    exact = y.reshape(len(y), outputs).astype(np.float64)
    off = exact.std(axis=0)
    return bool(off.any()) and all(own(exact + k * off, y) < own(exact, y) for k in (-2, -1, 1, 2))


def _squared(output: Floats, y: NDArray[np.generic]) -> float:
    return float(np.mean(np.square(output - np.asarray(y, np.float64).reshape(output.shape))))


def _labels(about: About, data: Data, outputs: int) -> NDArray[np.int64] | None:
    """(n + m,) class ids of training and held-out examples, recoded where they are not 0 … K−1."""
    both = np.concatenate([data.y, data.y_held])
    if positions(about, both, outputs) > 1:  # a target at every position
        if both.ndim > 2 and both.shape[-1] == outputs > 1:  # one-hot
            return np.asarray(both.reshape(-1, outputs).argmax(axis=1), np.int64)
        flat = both.reshape(-1)
        if outputs == 1:
            return (flat > 0.5).astype(np.int64)
        return np.where((flat < 0) | (flat >= outputs), -1, flat).astype(np.int64)
    look = _as_look(about, both, outputs)
    labels = look.labels
    if labels is not None and undivided(labels, outputs):
        return labels
    outside = labels is not None and bool(labels.min() < 0 or labels.max() >= outputs)
    if look.task == "binary" and labels is not None and len(np.unique(labels)) == 2:
        return recoded(both, 2)  # −1 and 1, or 1 and 2
    if labels is None or (look.task == "classification" and outputs > 1 and outside):
        return recoded(both, max(outputs, 2))
    return labels


def _weights(about: About, labels: NDArray[np.int64]) -> NDArray[np.float64] | None:
    """Of classes, as the script's sampler or loss has them."""
    weights = np.asarray(about.routine.weights, np.float64)
    if not len(weights) or len(weights) <= labels.max():
        return None
    return weights


def recoded(y: NDArray[np.generic], classes: int) -> NDArray[np.int64] | None:
    """Class ids 0 … K−1 in the order of the distinct values; None if there are more than K."""
    flat = y.reshape(len(y), -1)
    if flat.shape[1] != 1:
        return None
    values, ids = np.unique(flat[:, 0], return_inverse=True)
    return ids.astype(np.int64) if 2 <= len(values) <= classes else None


def _as_look(about: About, y: NDArray[np.generic], outputs: int) -> Look:
    """A look of which only targets and the number of outputs are used."""
    output = np.zeros((len(y), outputs))
    seen = Observation((), (), output, output, None, 0.0, None)
    return Look(about, Sample((), y), seen)
