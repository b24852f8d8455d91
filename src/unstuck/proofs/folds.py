"""The splits of a set-up's examples that trials are trained on and judged by."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Combination, changed
from unstuck.changes.data import Data, finite_rows
from unstuck.changes.rows import ANEW
from unstuck.judging.yardstick import Judged, OwnLoss, Yardstick, yardsticks
from unstuck.proofs.asks import Score
from unstuck.setups.split import is_whole, split
from unstuck.setups.subject import About, Sample
from unstuck.setups.trainer import Run

SMALL = 200  # examples below which a quarter held out tells little: cross-validation
FOLDS = 4
CROSSED = "fitted and cross-validated"  # the mean of both
CHI2 = 3.84  # 95 % of χ² with one degree of freedom
ALL = 0.1  # skill on the whole function that a start alone may give


@dataclass(frozen=True, eq=False)
class Fold:
    """One split with its yardsticks, and what makes them for the same split with other rows."""

    data: Data
    held: Yardstick
    fit: Yardstick
    remade: Callable[[Data], tuple[Yardstick, Yardstick] | None]

    def judged(self, run: Run, data: Data) -> tuple[Judged, Judged]:
        """A run on these data (as changed): held-out and fitted examples."""
        with np.errstate(all="ignore"):
            helds, fits = self.held, self.fit
            if len(data.y) != len(self.data.y) or data.note == ANEW:  # other examples
                other = self.remade(data)
                fits = self.fit if other is None else other[1]
                helds = other[0] if other is not None and data.note == ANEW else self.held
            held = helds.judged(data.restored(run.output))
            fit = fits.judged(data.restored(run.fitted))
        return held, fit


@dataclass(frozen=True, eq=False)
class Folds:
    """All splits of a set-up.

    Args:
        folds: one where there are examples enough, or validation data.
        kind: "held-out", `CROSSED` or "training": what decides.
    """

    folds: tuple[Fold, ...]
    kind: str

    @property
    def first(self) -> Fold:
        """The one that stands for all where one will do."""
        return self.folds[0]

    @property
    def small(self) -> bool:
        """Whether fit counts as much as held-out skill."""
        return self.kind != "held-out"

    def score(self, judged: list[tuple[Judged, Judged]], finite: bool) -> Score:
        """One trial's: means over the folds; of few examples the mean of fit and cross-validated
        skill, so that what only remembers does not win, and what cannot even fit does not either.
        """
        values: dict[str, float] = {}
        skills: dict[str, float] = {}
        fits: dict[str, float] = {}
        alone: dict[str, float] = {}
        for i, measure in enumerate(self.first.held.measures):
            pairs = [
                (yardstick.measures[i], found.skills[measure.name])
                for fold, (held, fit) in zip(self.folds, judged, strict=True)
                for yardstick, found in ((fold.held, held), *([(fold.fit, fit)] * self.small))
            ]
            skills[measure.name] = float(np.mean([skill for _, skill in pairs]))
            values[measure.name] = float(np.mean([m.value(skill) for m, skill in pairs]))
            fits[measure.name] = float(np.mean([fit.skills[measure.name] for _, fit in judged]))
            alone[measure.name] = float(np.mean([held.skills[measure.name] for held, _ in judged]))
        names = judged[0][0].beside
        beside = {n: float(np.mean([h.beside.get(n, np.nan) for h, _ in judged])) for n in names}
        return Score(values, skills, fits, finite, beside, alone)

    def trivial(self, measure: str) -> float:
        """The measure's value of knowing nothing."""
        (i,) = (i for i, m in enumerate(self.first.held.measures) if m.name == measure)
        of = [
            y.measures[i]
            for f in self.folds
            for y in ((f.held, f.fit) if self.small else (f.held,))
        ]
        return float(np.mean([m.trivial for m in of]))

    def noise(self) -> dict[str, float]:
        """Skill that luck alone may give, by measure: of accuracy two standard errors of the
        commonest class's share, or what another constant answer would happen to reach; of a loss
        95 % of what a squared correlation of nothing with n targets is (χ²₁ / n)."""
        if self.kind == "training":  # all there is: nothing is a sample, a tenth of it is luck
            return {m.name: ALL for m in self.first.held.measures}
        n = sum(len(f.held.y) for f in self.folds)
        made = {}
        for m in self.first.held.measures:
            if m.name == "accuracy":
                room = max(1 - m.trivial, 1 / n)
                by_luck = 2 * float(np.sqrt(m.trivial * (1 - m.trivial) / n)) / room
                made[m.name] = max(by_luck, *(f.held.constant for f in self.folds)) + 1e-9
            else:
                made[m.name] = CHI2 / n
        return made

    def changed(self, changes: Combination) -> list[Data]:
        """The data of every fold with these changes."""
        return [changed(fold.data, changes) for fold in self.folds]


def folds(sample: Sample, about: About, outputs: int, own: OwnLoss) -> Folds | None:
    """The splits; None where there is nothing to judge by.

    Args:
        outputs: of the network.
        own: the script's own mean loss.
    """
    assert sample.y is not None
    n = len(sample.y)
    given = sample.x_validation is not None and sample.y_validation is not None
    parts: list[Data]
    if is_whole(sample):
        kind, parts = "training", [split(sample)]
    elif n < SMALL and not given and n >= 2 * FOLDS:
        kind, parts = CROSSED, _crossed(sample)
    else:
        kind, parts = "held-out", [split(sample)]
    made = []
    for data in parts:
        both = yardsticks(about, data, outputs, own)
        if both is None:
            return None
        made.append(Fold(data, *both, lambda data: yardsticks(about, data, outputs, own)))
    return Folds(tuple(made), kind)


def _crossed(sample: Sample) -> list[Data]:
    """Every example held out once; those that are not finite stay in training."""
    assert sample.y is not None
    sound = finite_rows((*sample.x, sample.y))
    order = np.random.default_rng(0).permutation(np.flatnonzero(sound))
    made = []
    for part in np.array_split(order, FOLDS):
        made.append(_part(sample, np.sort(part)))
    return made


def _part(sample: Sample, held: NDArray[np.int64]) -> Data:
    assert sample.y is not None
    kept = np.setdiff1d(np.arange(len(sample.y)), held)
    return Data(
        tuple(a[kept] for a in sample.x),
        sample.y[kept],
        tuple(a[held] for a in sample.x),
        sample.y[held],
        tuple(sample.kinds),
        note=f"each held out once, {FOLDS} folds",
    )


def first_of(yardstick: Yardstick, n: int) -> Yardstick:
    """For the first n examples alone."""
    at = 1 if yardstick.labels is None else len(yardstick.labels) // len(yardstick.y)
    labels = None if yardstick.labels is None else yardstick.labels[: n * at]
    return replace(yardstick, y=yardstick.y[:n], labels=labels)
