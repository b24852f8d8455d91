"""Measures and skill: 0 is the best constant answer under the script's own loss, 1 perfect."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, r2_score

from unstuck.changes.data import Data
from unstuck.judging.constant import best_constant
from unstuck.judging.yardstick import recoded, yardsticks
from unstuck.setups.routine import Routine
from unstuck.setups.subject import About, LossView


def about(loss: LossView, output: str = "linear", **rest) -> About:
    return About("engine", "jax", loss, output, None, 32, **rest)


def data(y, held=None):
    x, held = (np.zeros((len(y), 1)),), y if held is None else held
    return Data(x, y, (np.zeros((len(held), 1)),), held)


IDS = LossView("cross-entropy", "probabilities", "ids")
BINARY = LossView("binary cross-entropy", "probabilities", "binary")
VALUES = LossView("squared error", "values", "values")
DRAW = np.random.default_rng(0)


def crossentropy(output, y):
    return float(-np.mean(np.log(np.clip(output[np.arange(len(y)), y], 1e-7, 1))))


def binary(output, y):
    p = np.clip(output[:, 0], 1e-7, 1 - 1e-7)
    return float(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def squared(output, y):
    return float(np.mean((output - y.reshape(output.shape)) ** 2))


def absolute(output, y):
    return float(np.mean(np.abs(output - y.reshape(output.shape))))


def pinball(output, y):
    e = y.reshape(output.shape) - output
    return float(np.mean(np.maximum(0.95 * e, -0.05 * e)))


NUMBERS = DRAW.exponential(3.0, size=(500, 1))
SKEWED = (DRAW.random(400) < 0.1).astype(int)


@pytest.mark.parametrize(
    ("loss", "y", "outputs", "view", "expected"),
    [
        (squared, NUMBERS, 1, VALUES, NUMBERS.mean()),
        (absolute, NUMBERS, 1, VALUES, np.median(NUMBERS)),
        (pinball, NUMBERS, 1, VALUES, np.quantile(NUMBERS, 0.95)),
        (squared, NUMBERS[:, 0], 1, VALUES, NUMBERS.mean()),
        (binary, SKEWED, 1, BINARY, SKEWED.mean()),
        (crossentropy, SKEWED, 2, IDS, [1 - SKEWED.mean(), SKEWED.mean()]),
    ],
)
def test_knowing_nothing_is_fitted_under_the_scripts_own_loss(
    loss, y, outputs, view, expected
) -> None:
    found = best_constant(about(view, "softmax"), y, outputs, loss)
    best = loss(np.tile(np.atleast_1d(expected), (len(y), 1)), y)
    assert loss(np.tile(found, (len(y), 1)), y) == pytest.approx(best, rel=1e-3)


def test_knowing_nothing_of_uneven_classes_is_their_entropy() -> None:
    found = best_constant(about(IDS, "softmax"), SKEWED, 2, crossentropy)
    p = SKEWED.mean()
    entropy = -p * np.log(p) - (1 - p) * np.log(1 - p)
    assert crossentropy(np.tile(found, (400, 1)), SKEWED) == pytest.approx(entropy, rel=1e-4)


def test_a_loss_on_logits_has_its_constant_too() -> None:
    def logits(output, y):
        return log_loss(y, np.exp(output) / np.exp(output).sum(axis=1, keepdims=True))

    found = best_constant(about(IDS), SKEWED, 2, logits)
    assert np.exp(found[1]) / np.exp(found).sum() == pytest.approx(SKEWED.mean(), abs=1e-3)


def test_classes() -> None:
    y = np.array([0, 1, 2, 2, 2, 1, 0, 2])
    held, _ = yardsticks(about(IDS), data(y), 3, crossentropy)
    output = np.eye(3)[np.array([0, 1, 2, 2, 0, 0, 0, 2])]
    judged = held.judged(output)
    assert judged.values["accuracy"] == accuracy_score(y, output.argmax(axis=1))
    assert judged.beside["balanced accuracy"] == balanced_accuracy_score(y, output.argmax(axis=1))
    measure = held.measures[0]
    assert (measure.trivial, measure.skill(0.5), measure.skill(1.0)) == (0.5, 0, 1)
    assert measure.skill(0.2) == pytest.approx(-0.6)


def test_labels_without_an_output_are_judged_in_the_coding_that_an_output_is_in() -> None:
    y = np.array([1, 2, 3, 3, 3, 2, 1, 3])  # three outputs: 0, 1, 2
    held, _ = yardsticks(about(IDS), data(y), 3, lambda o, t: float(np.mean(o.argmax(1) != t)))
    as_written = held.judged(np.eye(3)[np.minimum(y, 2)]).values
    recoded = held.judged(np.eye(3)[y - 1]).values
    assert as_written == {"accuracy": 0.5, "loss": 0.5}  # class 3 cannot be answered
    assert recoded == {"accuracy": 1.0, "loss": 0.0}


def test_weighted_classes_are_judged_with_their_weights() -> None:
    weighted = about(IDS, routine=Routine(weights=(1.0, (1 - SKEWED.mean()) / SKEWED.mean())))
    held, _ = yardsticks(weighted, data(SKEWED), 2, crossentropy)
    assert held.measures[0].trivial == pytest.approx(0.5, abs=0.05)
    right = held.judged(np.eye(2)[SKEWED])
    always = held.judged(np.eye(2)[np.zeros(400, int)])
    assert right.skills["accuracy"] == 1
    assert abs(always.skills["accuracy"]) < 0.1


@pytest.mark.parametrize(("output", "threshold"), [("sigmoid", 0.5), ("linear", 0.0)])
def test_two_classes_in_one_output(output: str, threshold: float) -> None:
    y = np.array([0, 1, 1, 1, 0, 1, 0, 1])
    held, _ = yardsticks(about(BINARY, output), data(y), 1, binary)
    said = (np.where(y > 0, 0.3, -0.3) + threshold)[:, None]
    assert held.judged(said).values["accuracy"] == 1
    assert held.judged(2 * threshold - said).values["accuracy"] == 0


def test_skill_of_numbers_is_the_coefficient_of_determination_under_squared_error() -> None:
    y, said = 1e8 * DRAW.normal(size=(60, 1)), 1e8 * DRAW.normal(size=(60, 1))
    held, _ = yardsticks(about(VALUES), data(y), 1, squared)
    near = y + 1e7
    assert held.judged(near).skills["loss"] == pytest.approx(r2_score(y, near), abs=1e-3)
    assert held.judged(said).skills["loss"] < 0
    assert held.judged(near).beside["rmse"] == pytest.approx(1e7)


def test_what_is_worse_than_twice_as_bad_as_nothing_counts_alike() -> None:
    y = DRAW.normal(size=(60, 1))
    held, _ = yardsticks(about(VALUES), data(y), 1, squared)
    for output in (1e34 * y, np.full_like(y, np.nan)):
        assert held.judged(output).skills["loss"] == -1
    measure = held.measures[0]
    assert measure.value(measure.skill(0.3)) == pytest.approx(0.3)  # skill is linear


def test_labels_that_are_no_class_ids_are_told_apart_by_their_values() -> None:
    y = np.array([0, 1, 2, 2, 2, 1, 0, 2]) / 255
    held, _ = yardsticks(about(IDS), data(y), 3, lambda output, y: float("nan"))
    right = np.eye(3)[np.array([0, 1, 2, 2, 2, 1, 0, 2])]
    assert held.judged(right).values["accuracy"] == 1
    assert [m.name for m in held.measures] == ["accuracy"]
    assert recoded(np.linspace(0, 1, 50), 10) is None
    assert recoded(np.zeros((4, 3)), 10) is None


def test_a_loss_that_rewards_errors_is_no_measure() -> None:
    y = DRAW.normal(size=(300, 1)).astype(np.float32)
    negated, _ = yardsticks(about(VALUES), data(y), 1, lambda o, t: -squared(o, t))
    plain, _ = yardsticks(about(VALUES), data(y), 1, squared)
    skills = plain.judged(y + 0.5).skills
    assert negated.judged(y + 0.5).skills == pytest.approx(skills, abs=1e-6)


def test_a_loss_on_outputs_of_another_unit_stays_the_measure() -> None:
    y = np.exp(DRAW.normal(size=(300, 1)) + 3).astype(np.float32)

    def of_logarithms(output, t):
        return squared(np.exp(output), t)

    judged = yardsticks(about(VALUES), data(y), 1, of_logarithms)[0].judged(np.log(y))
    assert judged.skills["loss"] == pytest.approx(1.0, abs=1e-6)


def test_three_quantiles_of_one_target() -> None:
    y = DRAW.normal(size=(2000, 1)).astype(np.float32)
    levels = np.array([0.1, 0.5, 0.9])

    def three(output, t):
        e = t.reshape(-1, 1) - output
        return float(np.mean(np.maximum(levels * e, (levels - 1) * e)))

    constant = best_constant(about(VALUES), y, 3, three)
    np.testing.assert_allclose(constant, np.quantile(y[::2], levels), atol=0.05)


def test_pixels_and_several_labels_are_judged_by_the_loss_alone() -> None:
    y = DRAW.random((300, 6)).astype(np.float32)

    def pixels(output, t):
        p = np.clip(output, 1e-7, 1 - 1e-7)
        return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))

    held, _ = yardsticks(about(BINARY, "sigmoid"), data(y), 6, pixels)
    assert [m.name for m in held.measures] == ["loss"]
    assert held.judged(y).skills["loss"] > held.judged(np.full_like(y, 0.5)).skills["loss"]


def test_a_loss_for_probabilities_is_no_measure_of_targets_that_are_none() -> None:
    """Cross-entropy with targets of 0 to 16 has no least value."""
    y = DRAW.integers(0, 17, (300, 6)).astype(np.float32)

    def pixels(output, t):
        p = np.clip(output, 1e-7, 1 - 1e-7)
        return float(-np.mean(t * np.log(p) + (1 - t) * np.log(1 - p)))

    held, _ = yardsticks(about(BINARY, "sigmoid"), data(y), 6, pixels)
    assert held.name_of("loss", "binary cross-entropy") == "squared error"
    assert held.judged(y).skills["loss"] == 1.0


def test_luck_may_be_another_constant_answer() -> None:
    """A network that says class 1 throughout knows nothing, though it beats the commonest class."""
    y, held = np.array([0] * 60 + [1] * 40), np.array([0] * 40 + [1] * 60)
    yardstick, _ = yardsticks(about(IDS, "softmax"), data(y, held), 2, crossentropy)
    always = np.tile([[0.0, 1.0]], (100, 1))
    assert yardstick.judged(always).skills["accuracy"] == yardstick.constant > 0
