"""Every prediction could have gone the other way: measurements that nobody made decide it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from synthetic import CASES
from unstuck.cases.case import Claim, Prediction, Quantity
from unstuck.cases.results import Results, decide
from unstuck.judging.verdict import Verdict

SEEDS = 20  # as in the published run

EACH = [
    pytest.param(p, id=f"{name}-{claim.id}-{number}")
    for name, case in CASES.items()
    for claim in case.claims
    for number, p in enumerate(claim.predictions)
]
OF_SHARES = [p for p in EACH if p.values[0].statistic == "mean"]
CLAIMS = [
    pytest.param(claim, id=f"{name}-{claim.id}")
    for name, case in CASES.items()
    for claim in case.claims
]

UP_AND_DOWN = np.where(np.arange(SEEDS) % 2, 1.0, -1.0)


@dataclass(frozen=True)
class Planted(Results):
    """Results whose values are given."""

    planted: Mapping[Quantity, np.ndarray] = field(default_factory=dict)

    def values(self, of):
        return self.planted[of]


def plant(prediction, difference, base=0.25):
    """Values of both sides that differ by `difference` (seeds,)."""
    difference = np.asarray(difference, float)
    base = np.full(len(difference), base)
    values = {}
    if isinstance(prediction.b, Quantity):
        values[prediction.b] = base
    else:
        base = np.full(len(difference), prediction.b)
    values[prediction.a] = base + difference
    return values


def verdict(prediction, difference, base=0.25):
    planted = Planted({}, tuple(range(SEEDS)), 10, plant(prediction, difference, base))
    return decide(Claim("id", "?", (prediction,)), planted).verdict


def around(middle, margin):
    """A difference of about so much: the seeds agree to a thousandth of the margin."""
    return middle + 0.001 * margin * UP_AND_DOWN


@pytest.mark.parametrize("prediction", EACH)
def test_a_prediction_can_be_met_and_missed(prediction):
    m = prediction.margin
    if prediction.relation == "more":
        right, wrong = [1.1 * m, 10 * m], [0.9 * m, 0.0, -m]
    else:
        right, wrong = [0.0, 0.9 * m, -0.9 * m], [1.1 * m, -1.1 * m, 10 * m]
    for middle in right:
        assert verdict(prediction, around(middle, m)) is Verdict.SUPPORTED, middle
    for middle in wrong:
        assert verdict(prediction, around(middle, m)) is Verdict.REFUTED, middle


@pytest.mark.parametrize("prediction", EACH)
def test_seeds_on_both_sides_of_the_margin_leave_it_open(prediction):
    m = prediction.margin
    straddling = m + 0.5 * m * UP_AND_DOWN
    assert verdict(prediction, straddling) is Verdict.INCONCLUSIVE
    if prediction.relation == "same":
        assert verdict(prediction, -straddling) is Verdict.INCONCLUSIVE
    # Few seeds leave it open, however clear they are.
    assert verdict(prediction, around(0.0, m)[:1]) is Verdict.INCONCLUSIVE
    assert verdict(prediction, around(10 * m, m)[:1]) is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("prediction", OF_SHARES)
def test_a_prediction_on_shares_can_be_met_and_missed_by_zeros_and_ones(prediction):
    assert verdict(prediction, np.ones(SEEDS), base=0) is Verdict.SUPPORTED
    if isinstance(prediction.b, Quantity):
        assert verdict(prediction, -np.ones(SEEDS), base=1) is Verdict.REFUTED
    else:
        # Against a constant 0 the best that can be seen is "never": what 0 of n leaves possible
        # has to lie below the margin.
        never = next(n for n in range(1, 100) if 1 - 0.005 ** (1 / n) < prediction.margin)
        assert verdict(prediction, np.zeros(never)) is Verdict.REFUTED


@pytest.mark.parametrize("claim", CLAIMS)
def test_the_verdict_of_a_claim_follows_its_predictions(claim):
    """Each prediction on quantities of its own, so that their outcomes can be chosen."""

    def outcome(rights):
        predictions, planted = [], {}
        for number, (p, right) in enumerate(zip(claim.predictions, rights, strict=True)):
            a = replace(p.a, arm=f"a{number}")
            b = replace(p.b, arm=f"b{number}") if isinstance(p.b, Quantity) else p.b
            mine = replace(p, a=a, b=b)
            predictions.append(mine)
            far = 0.0 if (p.relation == "same") == right else 10 * p.margin
            planted |= plant(mine, around(far, p.margin))
        results = Planted({}, tuple(range(SEEDS)), 10, planted)
        return decide(replace(claim, predictions=tuple(predictions)), results)

    count = len(claim.predictions)
    all_right, all_wrong = outcome([True] * count), outcome([False] * count)
    assert all_right.verdict is Verdict.SUPPORTED
    assert all_wrong.verdict is Verdict.REFUTED
    assert all_right.deciding is all_right.tested[0]
    if count > 1:
        mixed = outcome([True] * (count - 1) + [False])
        assert mixed.verdict is Verdict.CONDITIONAL
        assert mixed.deciding is mixed.tested[0]


def test_what_decides_a_claim_is_shown_first():
    clear = Prediction("clear", Quantity("a"), Quantity("b"), 0.1)
    open_ = Prediction("open", Quantity("c"), Quantity("d"), 0.1)
    planted = plant(clear, around(1.0, 0.1)) | plant(open_, 0.1 + 0.05 * UP_AND_DOWN)
    results = Planted({}, tuple(range(SEEDS)), 10, planted)
    decided = decide(Claim("id", "?", (clear, open_)), results)
    assert decided.verdict is Verdict.INCONCLUSIVE
    assert decided.deciding.prediction is open_
    assert decided.arms == ["a", "b", "c", "d"]
    assert decided.tested[0].effect.difference == pytest.approx(1.0)
