"""How numbers are written, as a table."""

import math

import pytest

from unstuck.cases import results
from unstuck.cases.case import Figure, Prediction, Quantity
from unstuck.judging.statistics import Effect
from unstuck.judging.verdict import Verdict
from unstuck.report import wording

NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [
        (0.50123, "loss", "0.5012"),
        (14.50628, "val_loss", "14.5063"),
        (999.99, "loss", "999.9900"),
        (123456.0, "loss", "1.235e+05"),
        (-0.5, "loss", "-0.5000"),
        (0.0, "loss", "0.0000"),
        (0.8765, "val_accuracy", "87.6 %"),
        (1.0, "start.saturated_softmax", "100.0 %"),
        (INF, "loss", "∞"),
        (-INF, "loss", "−∞"),
        (INF, "val_accuracy", "∞"),
        (NAN, "loss", "none"),
        (NAN, "val_accuracy", "none"),
    ],
)
def test_number(value, metric, text):
    assert wording.number(value, metric) == text


def measured(metric, margin, difference, low, high, relation="more"):
    prediction = Prediction("says", Quantity("a", metric), Quantity("b", metric), margin, relation)
    effect = Effect(20, difference, low, high, 0.99, 1.0, 0.8, 1.0)
    return results.Tested(prediction, effect, Verdict.SUPPORTED)


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (
            ("val_accuracy", 0.005, 0.733, 0.70, 0.755),
            "+73.3 points [+70.0, +75.5], predicted > 0.5",
        ),
        (
            ("val_accuracy", 0.01, -0.002, -0.004, 0.0, "same"),
            "-0.2 points [-0.4, +0.0], predicted within ± 1",
        ),
        (("loss", 0.02, 0.0416, 0.04, 0.05), "+0.0416 [+0.0400, +0.0500], predicted > 0.02"),
        (
            ("log10 start.gradient_norms[0]", 1.0, 2.4065, -INF, INF),
            "+2.4065 [−∞, ∞], predicted > 1",
        ),
        (("loss", 0.02, NAN, -INF, INF), "none [−∞, ∞], predicted > 0.02"),
        (("loss", 0.02, INF, 0.1, INF), "∞ [+0.1000, ∞], predicted > 0.02"),
        (("on_lowest_step", 0.1, 0.55, 0.2, 0.9), "+55.0 points [+20.0, +90.0], predicted > 10"),
    ],
)
def test_effect(of, text):
    assert wording.effect(measured(*of)) == text


@pytest.mark.parametrize(
    ("shares", "classes", "text"),
    [
        ({1: 0.75, 2: 0.25}, 10, "10 %: 75 %, 20 %: 25 %"),
        ({0: 1.0}, 10, "0 %: 100 %"),
        ({1: 0.5, 3: 0.5}, 3, "33 %: 50 %, 100 %: 50 %"),
        ({}, 10, ""),
        (None, 10, ""),
    ],
)
def test_steps(shares, classes, text):
    assert wording.steps(shares, classes) == text


@pytest.mark.parametrize(
    ("inside", "comparable", "text"),
    [
        (True, "", "inside"),
        (False, "", "OUTSIDE"),
        (None, "", "–"),
        (True, "other data", "–"),
        (False, "other data", "–"),
    ],
)
def test_inside(inside, comparable, text):
    met = results.Met(Figure(Quantity("a"), 0.5, 0.5, 0.5), 1, 0.5, 0.4, 0.6, inside)
    assert wording.inside(met, comparable) == text


@pytest.mark.parametrize(("count", "text"), [(1, "1 seed"), (2, "2 seeds"), (20, "20 seeds")])
def test_seeds(count, text):
    assert wording.seeds(count) == text
