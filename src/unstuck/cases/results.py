"""What the trials of a case measured, and the judgements drawn from it."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.cases.case import (
    ACCURACY_MARGIN,
    SAME_ACCURACY,
    Claim,
    Figure,
    Prediction,
    Quantity,
    is_share,
)
from unstuck.judging.statistics import Effect, mean_effect, paired_effect, predict
from unstuck.judging.verdict import Verdict, combine, judge, judge_same

PLATEAU = -math.log(1e-7)  # 16.118: the loss of one example whose true class is clipped
CONFIDENCE = 0.99

Record = Mapping[str, Any]


def _not_finite(record: Record, classes: int) -> float:
    del classes
    return float(not np.isfinite([*record["loss"], *record["val_loss"]]).all())


def _on_lowest_step(record: Record, classes: int) -> float:
    return float(round(record["val_accuracy"][-1] * classes) <= 1)


def _loss_in_plateaus(record: Record, classes: int) -> float:
    del classes
    return float(record["end"]["loss"]) / PLATEAU


# Quantities computed from a record; the others are read off it.
_DERIVED: Mapping[str, Callable[[Record, int], float]] = {
    "not_finite": _not_finite,
    "on_lowest_step": _on_lowest_step,  # at or below one class right in K
    "loss_in_plateaus": _loss_in_plateaus,  # final loss in units of −ln ε
}
_PROBE = re.compile(r"(start|end)\.(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True)
class Results:
    """Records by arm, each list in the order of `seeds`."""

    records: Mapping[str, Sequence[Record]]
    seeds: tuple[int, ...]
    classes: int

    def values(self, of: Quantity) -> NDArray[np.float64]:
        """One number per seed (seeds,), NaN where a run diverged.

        `epoch` beyond the run's own end (early stopping) means its last.
        """
        return np.array([self._value(record, of) for record in self.records[of.arm]])

    def median(self, arm: str, metric: str = "val_accuracy", epoch: int | None = None) -> float:
        """The median over seeds of one quantity; a diverged run counts as infinite."""
        values = self.values(Quantity(arm, metric, epoch))
        return float(np.median(np.where(np.isnan(values), np.inf, values)))

    def froze(self, arm: str) -> str:
        """What the probes say of an arm's end: whether clipping left it anything to learn from."""
        share = self.median(arm, "end.zero_gradient_wrong")
        told = f"{share:.0%} of examples end wrong with exactly zero gradient"
        return f"frozen: {told}" if share > 0.5 else f"not frozen: {told}"

    def against(self, arm: str, other: str) -> str:
        """How an arm's final held-out accuracy stands to another's, in words that were measured."""
        effect = paired_effect(self.values(Quantity(other)), self.values(Quantity(arm)), CONFIDENCE)
        if judge(effect, ACCURACY_MARGIN) is Verdict.SUPPORTED:
            return "better than"
        if effect.high < -ACCURACY_MARGIN:
            return "worse than"
        if judge_same(effect, SAME_ACCURACY) is Verdict.SUPPORTED:
            return "as good as"
        return "not told apart from"

    def _value(self, record: Record, of: Quantity) -> float:
        log = of.metric.startswith("log10 ")
        metric = of.metric.removeprefix("log10 ")
        if metric in _DERIVED:
            value = _DERIVED[metric](record, self.classes)
        elif probe := _PROBE.fullmatch(metric):
            when, name, layer = probe.groups()
            found = record[when][name]
            value = float(found if layer is None else found[int(layer)])
        else:
            curve = record[metric]
            value = float(curve[min(of.epoch or len(curve), len(curve)) - 1])
        if not log:
            return value
        return math.log10(value) if value > 0 else -math.inf if value == 0 else math.nan


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
