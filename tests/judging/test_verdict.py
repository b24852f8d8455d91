"""Verdicts: where the interval lies decides."""

import itertools
import math

import pytest

from unstuck.judging.statistics import Effect
from unstuck.judging.verdict import Verdict, combine, judge, judge_same

S, R, C, I = Verdict.SUPPORTED, Verdict.REFUTED, Verdict.CONDITIONAL, Verdict.INCONCLUSIVE  # noqa: E741


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (0.1, 0.5, 0.0, S),
        (0.1, 0.5, 0.1, I),  # touches the margin
        (0.1, 0.5, 0.3, I),
        (0.1, 0.5, 0.6, R),
        (-0.5, -0.1, 0.0, R),
        (0.1, 0.1, 0.0, S),  # all pairs alike
        (0.0, 0.0, 0.0, I),
        (-math.inf, math.inf, 0.0, I),  # too few pairs
        (math.nan, math.nan, 0.0, I),
        (0.1, math.inf, 0.0, S),
        (-math.inf, -0.1, 0.0, R),
    ],
)
def test_judge(low, high, margin, verdict):
    assert judge(Effect(9, 0.2, low, high, 0.99, 0.9, 0.5, 1.0), margin) is verdict


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.1, 0.2, S),
        (0.1, 0.2, S),  # a difference, but one that is too small to count
        (-0.1, 0.3, I),  # touches the margin
        (-0.5, 0.5, I),
        (0.4, 0.5, R),
        (-0.5, -0.4, R),
        (-math.inf, math.inf, I),
        (math.nan, math.nan, I),
    ],
)
def test_judge_same(low, high, verdict):
    assert judge_same(Effect(9, 0.2, low, high, 0.99, 0.9, 0.5, 1.0), 0.3) is verdict


@pytest.mark.parametrize(
    ("verdicts", "combined"),
    [
        ([S], S),
        ([S, S], S),
        ([R, R, R], R),
        ([I, I], I),
        ([S, R], C),
        ([S, R, I], C),
        ([S, I], I),
        ([R, I], I),
        ([C, S], C),
        ([], I),
    ],
)
def test_combine_in_any_order(verdicts, combined):
    assert {combine(order) for order in itertools.permutations(verdicts)} == {combined}


def test_every_verdict_says_what_to_do_next():
    assert {v.value for v in Verdict} == {"supported", "refuted", "conditional", "inconclusive"}
    assert Verdict("refuted") is R
    for verdict in Verdict:
        assert verdict.sentence.count(".") >= 2
