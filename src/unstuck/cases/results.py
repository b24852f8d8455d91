"""The judgements drawn from what the trials of a case measured."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unstuck.cases.case import Claim, Figure, Prediction
from unstuck.cases.measured import (
    ACCURACY_MARGIN as ACCURACY_MARGIN,
)
from unstuck.cases.measured import (
    CONFIDENCE,
    Quantity,
    is_share,
)
from unstuck.cases.measured import (
    PLATEAU as PLATEAU,
)
from unstuck.cases.measured import (
    SAME_ACCURACY as SAME_ACCURACY,
)
from unstuck.cases.measured import (
    Results as Results,
)
from unstuck.judging.statistics import Effect, mean_effect, paired_effect, predict
from unstuck.judging.verdict import Verdict, combine, judge, judge_same


@dataclass(frozen=True)
class Met:
    """A published figure beside the measured ones.

    `inside` is None where the seeds are too few, or one diverged: an interval without bounds
    holds every figure and says nothing. `steps` gives the share of seeds by classes right.
    """

    figure: Figure
    n: int
    median: float
    low: float
    high: float
    inside: bool | None
    steps: Mapping[int, float] | None = None


def classes_right(values: NDArray[np.float64], metric: str, classes: int) -> NDArray[np.int64]:
    """Which step of the staircase each finite value lies on: how many classes are right.

    On the staircase accuracy = k/K and loss = −ln ε · (1 − k/K).
    """
    right = 1.0 - values / PLATEAU if metric.endswith("loss") else values
    return np.rint(right * classes).astype(np.int64)


def staircase(values: NDArray[np.float64], metric: str, classes: int) -> Mapping[int, float]:
    """Classes right -> share of seeds, lowest first; a diverged run stands on no step."""
    steps = classes_right(values[np.isfinite(values)], metric, classes)
    return {int(k): float(np.sum(steps == k)) / len(values) for k in np.unique(steps)}


def meet(figure: Figure, results: Results) -> Met:
    """Whether a published figure could be one more of our runs.

    A smooth figure: inside the 99 % prediction interval for one more run (mean ± t·s·√(1+1/n));
    the interval must touch what the figure's wording allows. A plateau figure: some seed landed
    on the same step; the bounds given are then the lowest and highest seed.
    """
    values = results.values(figure.of)
    if figure.kind == "plateau":
        shares = staircase(values, figure.of.metric, results.classes)
        published = classes_right(np.array([figure.value]), figure.of.metric, results.classes)[0]
        values = np.where(np.isnan(values), np.inf, values)
        return Met(
            figure,
            len(values),
            float(np.median(values)),
            float(values.min()),
            float(values.max()),
            bool(published in shares),
            shares,
        )
    interval = predict(values, CONFIDENCE)
    if not math.isfinite(interval.high - interval.low):
        return Met(figure, len(values), interval.median, interval.low, interval.high, None)
    # A share or a loss cannot lie beyond its own bounds, wherever Student's interval ends.
    low = max(interval.low, 0.0)
    high = min(interval.high, 1.0) if is_share(figure.of.metric) else interval.high
    inside = low <= figure.high and figure.low <= high
    return Met(figure, len(values), interval.median, low, high, inside)


@dataclass(frozen=True)
class Tested:
    """A prediction, the effect that was measured, and what that says about the prediction."""

    prediction: Prediction
    effect: Effect
    verdict: Verdict


@dataclass(frozen=True)
class Decided:
    """A claim with its predictions tested."""

    claim: Claim
    tested: tuple[Tested, ...]
    verdict: Verdict

    @property
    def deciding(self) -> Tested:
        """The first prediction whose verdict is the claim's own, else the first of all."""
        return next((t for t in self.tested if t.verdict is self.verdict), self.tested[0])

    @property
    def arms(self) -> list[str]:
        """The arms that the predictions compare, each once."""
        sides = [q for t in self.tested for q in (t.prediction.a, t.prediction.b)]
        return list(dict.fromkeys(q.arm for q in sides if isinstance(q, Quantity)))


def decide(claim: Claim, results: Results) -> Decided:
    """Tests every prediction of a claim on paired seeds and combines the verdicts."""
    tested = tuple(_test(p, results) for p in claim.predictions)
    return Decided(claim, tested, combine(t.verdict for t in tested))


def _test(prediction: Prediction, results: Results) -> Tested:
    a = results.values(prediction.a)
    b = (
        results.values(prediction.b)
        if isinstance(prediction.b, Quantity)
        else np.full_like(a, prediction.b)
    )
    effect = (paired_effect if prediction.statistic == "median" else mean_effect)(b, a, CONFIDENCE)
    rule = judge if prediction.relation == "more" else judge_same
    return Tested(prediction, effect, rule(effect, prediction.margin))
