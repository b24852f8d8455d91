"""The held-out metric in the user's units, and skill from knowing nothing to perfect."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, r2_score, root_mean_squared_error

from unstuck.judging.yardstick import recoded, yardstick
from unstuck.changes.data import Data
from unstuck.setups.subject import About, LossView


def about(loss: LossView, output: str = "linear") -> About:
    return About("engine", "jax", loss, output, None, 32)


X = (np.zeros((8, 1)),)
IDS = LossView("cross-entropy", "logits", "ids")
BINARY = LossView("binary cross-entropy", "probabilities", "binary")
VALUES = LossView("squared error", "values", "values")


def test_classes() -> None:
    y = np.array([0, 1, 2, 2, 2, 1, 0, 2])
    made = yardstick(about(IDS), Data(X, y, X, y), 3)
    output = np.eye(3)[np.array([0, 1, 2, 2, 0, 0, 0, 2])]
    assert made.metric == "accuracy"
    assert made.value(output) == accuracy_score(y, output.argmax(axis=1))
    assert made.trivial == 0.5
    assert made.skill(0.5) == 0
    assert made.skill(1.0) == 1
    assert made.skill(0.2) == 0
    assert np.isnan(made.value(output * np.nan))


@pytest.mark.parametrize(("output", "threshold"), [("sigmoid", 0.5), ("linear", 0.0)])
def test_two_classes_in_one_output(output: str, threshold: float) -> None:
    y = np.array([0, 1, 1, 1, 0, 1, 0, 1])
    made = yardstick(about(BINARY, output), Data(X, y, X, y), 1)
    said = (np.where(y > 0, 0.3, -0.3) + threshold)[:, None]
    assert made.value(said) == 1
    assert made.value(2 * threshold - said) == 0


def test_errors_in_the_targets_units() -> None:
    draw = np.random.default_rng(0)
    y, said = 1e8 * draw.normal(size=(8, 1)), 1e8 * draw.normal(size=(8, 1))
    made = yardstick(about(VALUES), Data(X, y, X, y), 1)
    assert made.metric == "rmse"
    assert made.value(said) == pytest.approx(root_mean_squared_error(y, said))
    near = y + 1e7
    assert made.skill(made.value(near)) == pytest.approx(r2_score(y, near))
    assert made.gain(1.0, 3.0) == 2.0


def test_labels_that_are_no_class_ids_are_told_apart_by_their_values() -> None:
    y = np.array([0, 1, 2, 2, 2, 1, 0, 2]) / 255
    made = yardstick(about(IDS), Data(X, y, X, y), 3)
    assert made.value(np.eye(3)[np.array([0, 1, 2, 2, 2, 1, 0, 2])]) == 1
    assert recoded(np.linspace(0, 1, 50), 10) is None
    assert recoded(np.zeros((4, 3)), 10) is None
