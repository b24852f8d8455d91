"""What the trials of a case measured: a number per seed of any of its arms."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.judging.statistics import paired_effect
from unstuck.judging.verdict import Verdict, judge, judge_same

# The smallest difference in held-out accuracy that counts: half a percentage point is 50 of
# 10,000 test images, 1.5 binomial standard errors at 90 %; nobody would act upon less.
ACCURACY_MARGIN = 0.005
# "About as good": within one percentage point, three binomial standard errors of a test of 10,000.
SAME_ACCURACY = 0.01


@dataclass(frozen=True)
class Quantity:
    """A number per seed, of one arm.

    `metric` is a curve ("loss", "accuracy", "val_loss", "val_accuracy"), or a probe as
    "start.NAME" or "end.NAME" with an optional layer as in "start.gradient_norms[0]", or one of
    the derived ones in `results.py` ("stuck", "not_finite").
    """

    arm: str
    metric: str = "val_accuracy"
    epoch: int | None = None  # 1 is the first; None the last the run had

    def __str__(self) -> str:
        when = f" after epoch {self.epoch}" if self.epoch else ""
        return f"{self.metric} of {self.arm}{when}"


def is_share(metric: str) -> bool:
    """Whether a metric is a share from 0 to 1."""
    words = (
        "accuracy",
        "saturated",
        "missing",
        "dead",
        "zero_gradient",
        "lowest",
        "not_finite",
    )
    return any(word in metric for word in words) and not metric.startswith("log10")


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
