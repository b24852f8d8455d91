"""One arm against another, pair by pair, on fresh seeds."""

from dataclasses import dataclass, field

import numpy as np

from unstuck.changes.change import Combination
from unstuck.judging import sequential
from unstuck.proofs.asks import Score
from unstuck.proofs.board import CONFIRM, ERRORS
from unstuck.records.effect import Effect
from unstuck.records.states import Status


@dataclass(eq=False)
class Hypothesis:
    """That one arm does better than another by more than a margin.

    Args:
        kind: "repair", "necessary", "sufficient", "placebo" or "left".
        arm, against: the combinations; `against` is () for the set-up as it is.
        measure: that decides.
        margin: gain in skill that counts.
        errors: whether the other must also leave `ERRORS` times the error.
        among: one over its share of the error rate.
        higher: whether more of the measure is better.
        seeds: the first of its fresh seeds.
    """

    kind: str
    arm: Combination
    against: Combination
    measure: str
    margin: float
    errors: bool = False
    among: float = 1.0
    higher: bool = True
    seeds: int = CONFIRM
    pairs: list[tuple[Score, Score]] = field(default_factory=list)  # (against, arm)

    def add(self, against: Score, arm: Score) -> None:
        """One more pair of equal seeds."""
        self.pairs.append((against, arm))

    def _skills(self) -> list[tuple[float, float]]:
        name = self.measure
        return [(a.skills.get(name, 0.0), b.skills.get(name, 0.0)) for a, b in self.pairs]

    def _wins(self, sign: int) -> int:
        return sum(
            self._counts(a, b) if sign > 0 else self._counts(b, a) for a, b in self._skills()
        )

    def _counts(self, a: float, b: float) -> bool:
        return b - a > self.margin and (not self.errors or 1 - a >= ERRORS * (1 - b))

    @property
    def status(self) -> Status:
        """So far: nothing is proven whose effect's interval holds 0."""
        n, better, worse = len(self.pairs), self._wins(1), self._wins(-1)
        told = self.interval()
        if sequential.decided(better, n - better, self.among) and told[1] > 0:
            return Status.PROVEN
        if sequential.decided(worse, n - worse, self.among) and told[2] < 0:
            return Status.HARMFUL
        if sequential.decided(n - better, better, self.among):
            return Status.REFUTED
        return Status.INCONCLUSIVE

    @property
    def short(self) -> int:
        """Pairs that would decide it, if they all agree with most so far."""
        better = self._wins(1)
        wins = max(better, len(self.pairs) - better)
        return sequential.still(wins, len(self.pairs) - wins, self.among)

    def is_futile(self, most: int) -> bool:
        """Whether so many pairs could not prove it any more, if all to come were wins."""
        n, better = len(self.pairs), self._wins(1)
        return n + max(0, sequential.still(better, n - better, self.among)) > most

    def interval(self) -> tuple[float, float, float]:
        """Mean gain in skill and its 95 % interval."""
        return student([b - a for a, b in self._skills()])

    @property
    def null(self) -> bool:
        """Whether nothing is seen of it, by wins: what a placebo must show."""
        return self.status not in (Status.PROVEN, Status.HARMFUL)

    def is_narrow(self, of: "Hypothesis") -> bool:
        """Whether the interval is narrower than half of another's effect, each side."""
        _, low, high = self.interval()
        return not of.pairs or (high - low) / 2 < abs(of.interval()[0]) / 2

    @property
    def flat(self) -> bool:
        """Whether every pair so far differs by less than a tenth of the margin."""
        return all(abs(b - a) < self.margin / 10 for a, b in self._skills())

    def effect(self, status: Status | None = None) -> Effect | None:
        """In the measure's units, from the same numbers; None without a pair.

        Values are means over seeds, so that base and effect add up to the value.
        """
        if not self.pairs:
            return None
        values = np.array([[a.values[self.measure], b.values[self.measure]] for a, b in self.pairs])
        base, value = (float(v) for v in values.mean(axis=0))
        sign = 1 if self.higher else -1
        gain, low, high = student(list(sign * (values[:, 1] - values[:, 0])))
        if len(self.pairs) < 2:
            low = high = float("nan")
        return Effect(gain, low, high, len(self.pairs), value, base, status or self.status)


def student(gains: list[float]) -> tuple[float, float, float]:
    """Mean and its 95 % interval over seeds; infinite bounds below two."""
    from scipy.stats import t

    n, values = len(gains), np.asarray(gains, np.float64)
    mean = float(values.mean()) if n else 0.0
    if n < 2:
        return mean, -np.inf, np.inf
    half = float(t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return mean, mean - half, mean + half
