"""Whether one change of how a trained model is asked makes its answers better, example by example.

Nothing is trained: the same model answers the same examples twice.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import is_one_hot
from unstuck.records.evaluation import Answers
from unstuck.scalers import spreads

# One false word in a thousand evaluations at most.
SURE = 0.001
# Of the error that the change has to take away; less is true perhaps, and no fault worth a word.
SHARE = 1 / 3
FEWEST = 20  # examples; of fewer even ten that all become better are no proof at `SURE`

Array = NDArray[np.float64]
Labels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Learnt:
    """Examples that a model learns from, as they reach it.

    Args:
        x: (n, ...) inputs, finite.
        y: (n, ...) targets.
    """

    x: Array
    y: Labels

    @cached_property
    def flat(self) -> Array:
        """(n, d) inputs."""
        return self.x.reshape(len(self.x), -1)

    @cached_property
    def of_classes(self) -> bool:
        """Whether the targets are classes: words, truth values, one-hot rows, or whole numbers
        with five examples each on average."""
        y = _column(self.y)
        if y.dtype.kind in "OUSb" or y.ndim == 2:
            return y.ndim == 1 or is_one_hot(y)
        whole = y.dtype.kind in "iu" or bool((y == np.round(y)).all())
        return y.ndim == 1 and whole and len(y) >= 5 * len(np.unique(y))

    def is_unlike(self, x: Array) -> bool:
        """Whether inputs have another spread or mean than those learnt from, though perhaps by
        chance: what follows from it is measured."""
        if x.shape[1:] != self.x.shape[1:]:
            return False
        other, (middle, own, means, sd) = x.reshape(len(x), -1), self._moments
        theirs = np.sqrt(np.mean(np.square(other - middle)))
        varies = sd > 0
        if not (own and theirs and varies.any()):
            return False
        shift = np.abs(other.mean(axis=0) - means)[varies] / sd[varies]
        return bool(abs(np.log(theirs / own)) > np.log(1.5) or np.median(shift) > 1)

    @cached_property
    def _moments(self) -> tuple[float, float, Array, Array]:
        """Mean of all inputs, root mean square about it; each feature's mean and spread."""
        middle = float(self.flat.mean())
        about = float(np.sqrt(np.mean(np.square(self.flat - middle))))
        return middle, about, self.flat.mean(axis=0), spreads(self.flat)

    def matched(self, x: Array) -> tuple[Array, Array]:
        """Inputs brought to the mean and spread of those learnt from: as a whole, and each feature
        by itself."""
        flat = x.reshape(len(x), -1)
        whole = (flat - flat.mean()) * (self.flat.std() / (flat.std() or 1.0)) + self.flat.mean()
        sd = flat.std(axis=0)
        apart = (flat - flat.mean(axis=0)) / np.where(sd > 0, sd, 1.0)
        apart = apart * self.flat.std(axis=0) + self.flat.mean(axis=0)
        return whole.reshape(x.shape), apart.reshape(x.shape)

    def are_targets(self, y: Labels, answers: Labels) -> bool:
        """Whether an array beside the inputs seems to be their targets.

        Args:
            y: (n, ...), one for each example.
            answers: good ones, to these examples.
        """
        y, own = _column(y), _column(self.y)
        if self.of_classes:
            if y.ndim == 2 or own.ndim == 2:
                return y.shape[1:] == own.shape[1:] and is_one_hot(y)
            known = set(np.unique(own).tolist())
            return len(np.unique(y)) > 1 and set(np.unique(y).tolist()) <= known
        answers = _column(answers)
        if y.ndim != 1 or answers.ndim != 1 or y.dtype.kind not in "iuf" or not y.std():
            return False
        varies = bool(np.isfinite(answers).all() and answers.std())
        if not varies or len(y) < FEWEST:
            return False
        from scipy import stats

        return bool(stats.pearsonr(y.astype(float), answers, alternative="greater").pvalue < SURE)


class Compared(Answers):
    """The same, judged."""

    @property
    def is_proven(self) -> bool:
        """Whether the change makes answers better beyond chance and takes away a third of their
        error, and the model did better on what it learnt from."""
        less = self.mended - self.value >= SHARE * (1 - self.value)
        return self.p < SURE and less and self.trained > self.value


def compared(
    learnt: Learnt,
    at_home: Labels,
    y: Labels,
    asked: Labels,
    changed: Labels,
    tried: int = 1,
) -> Compared:
    """What a change does to the answers.

    Args:
        at_home: answers to the examples learnt from.
        y: (n, ...) targets of the examples that it is asked about.
        asked, changed: answers to these without and with the change; (n, k) scores of classes,
            (n,) or (n, 1) scores or numbers, or (n,) classes.
        tried: changes of which this one was chosen.
    """
    if learnt.of_classes:
        cut, ends = _cut(at_home, learnt.y), _ends(learnt.y)
        own, before, after = (
            _is_wrong(a, t, cut, ends) for a, t in ((at_home, learnt.y), (asked, y), (changed, y))
        )
        skills = [1 - float(e.mean()) for e in (before, after, own)]
    else:
        y = _in_units(_column(y).astype(float), _column(learnt.y).astype(float))
        pairs = ((at_home, _column(learnt.y).astype(float)), (asked, y), (changed, y))
        own, before, after = (np.abs(_column(a).astype(float) - t) for a, t in pairs)
        skills = [
            1 - float(np.mean(e**2) / (t.var() or 1.0))
            for e, t in ((before, y), (after, y), (own, pairs[0][1]))
        ]
    from scipy import stats

    better, worse = int((after < before).sum()), int((after > before).sum())
    p = 1.0
    if better + worse:
        p = float(stats.binomtest(better, better + worse, alternative="greater").pvalue)
    measure = "accuracy" if learnt.of_classes else "R²"
    value, mended, trained = skills
    return Compared(measure, value, mended, trained, len(y), better, worse, min(1.0, tried * p))


def _column(a: Labels) -> Labels:
    """(n, 1) as (n,)."""
    return a.reshape(len(a)) if a.ndim > 1 and a.size == len(a) else a


def _ends(y: Labels) -> tuple[Any, Any]:
    """The lowest and the highest class."""
    classes = np.unique(y)
    return classes[0], classes[-1]


def _cut(answers: Labels, y: Labels) -> float:
    """Of single scores, what the higher class begins above: 0 or 1/2, whichever answers more
    examples that were learnt from right."""
    return min((0.5, 0.0), key=lambda cut: float(_is_wrong(answers, y, cut, _ends(y)).mean()))


def _is_wrong(answers: Labels, y: Labels, cut: float, ends: tuple[Any, Any]) -> Array:
    """(n,) 1 for each wrong answer, else 0."""
    y, answers = _column(y), _column(answers)
    if y.ndim == 2:
        y = y.argmax(axis=1)
    if answers.ndim == 2:
        answers = answers.argmax(axis=1)
    elif answers.dtype.kind == "f":
        low, high = ends
        answers = np.where(answers.astype(float) > cut, high, low)
    return np.asarray(answers != y, float)


def _in_units(y: Array, learnt: Array) -> Array:
    """Numbers brought to the mean and spread of those learnt from, where they are in other units:
    a network that learns standardized targets answers in these.

    Other units are told by numbers most of which lie further outside of what was learnt from than
    that is wide; a part of the same ones does not.
    """
    low, high = float(learnt.min()), float(learnt.max())
    width = high - low
    if np.mean((y > low - width) & (y < high + width)) >= 0.5:
        return y
    return np.asarray((y - y.mean()) / (y.std() or 1.0) * learnt.std() + learnt.mean())
