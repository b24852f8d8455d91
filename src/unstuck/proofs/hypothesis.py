"""One suspect's change against the set-up as it is, pair by pair."""

from dataclasses import dataclass, field
from math import isnan

import numpy as np

from unstuck.changes.change import Combination
from unstuck.judging import sequential
from unstuck.judging.statistics import Effect, mean_effect
from unstuck.judging.yardstick import Yardstick
from unstuck.proofs.bench import Score
from unstuck.records.verdict import Verdict


@dataclass(eq=False)
class Hypothesis:
    """That a change makes a set-up learn.

    Args:
        causes: names of the causes that the change takes away; one, or all of a combination.
        change: what is changed.
        margin: gain in skill that counts.
        among: hypotheses that share the error rate.
    """

    causes: tuple[str, ...]
    change: Combination
    margin: float
    among: int = 1
    pairs: list[tuple[Score, Score]] = field(default_factory=list)  # (as it is, changed)

    def add(self, base: Score, arm: Score) -> None:
        """One more pair of equal seeds."""
        self.pairs.append((base, arm))

    @property
    def verdict(self) -> Verdict:
        """So far."""
        gains = [arm.skill - base.skill for base, arm in self.pairs]
        n = len(gains)
        better, worse = sum(g > self.margin for g in gains), sum(g < -self.margin for g in gains)
        if sequential.decided(better, n - better, self.among):
            return Verdict.PROVEN
        if sequential.decided(worse, n - worse, self.among):
            return Verdict.HARMFUL
        if sequential.decided(n - better, better, self.among):
            return Verdict.REFUTED
        return Verdict.INCONCLUSIVE

    @property
    def skill(self) -> float:
        """Median of the changed arm."""
        return float(np.median([arm.skill for _, arm in self.pairs])) if self.pairs else 0.0

    @property
    def short(self) -> int:
        """Pairs that would decide it, if they all agree with most so far."""
        gains = [arm.skill - base.skill for base, arm in self.pairs]
        better = sum(g > self.margin for g in gains)
        wins = max(better, len(gains) - better)
        return sequential.still(wins, len(gains) - wins, self.among)

    def gains(self, yardstick: Yardstick) -> list[float]:
        """Of each pair, in the metric's units; better is positive.

        A value that is not finite counts as knowing nothing.
        """

        def told(score: Score) -> float:
            return yardstick.trivial if isnan(score.value) else score.value

        return [yardstick.gain(told(arm), told(base)) for base, arm in self.pairs]

    def effect(self, yardstick: Yardstick, confidence: float = 0.95) -> Effect | None:
        """Mean gain with Student's interval over seeds; None without a pair."""
        gains = self.gains(yardstick)
        if not gains:
            return None
        return mean_effect(np.zeros(len(gains)), gains, confidence, worst=0.0)
