"""Losses that a script writes out are told by their value."""

import keras
import numpy as np
import pytest

from unstuck.frameworks.keras.loss import OfLogs, OfPairs, view_of
from unstuck.frameworks.keras.written_losses import fault_of, loss_of
from unstuck.watching.unseen import Unseen

RANDOM = np.random.default_rng(0)
OUT = RANDOM.normal(size=(64, 1)).astype(np.float32)
Y = (40 * RANDOM.normal(size=64) + 60).astype(np.float32)
NEAR = 1e-3 * OUT  # as a network gives at its start, where both are nearly the same


@pytest.mark.parametrize("out", [OUT, NEAR], ids=["far", "near"])
@pytest.mark.parametrize(
    ("value", "pairs"),
    [
        (lambda out: np.mean((out - Y) ** 2), True),
        (lambda out: np.mean((out[:, 0] - Y) ** 2), False),
        (lambda out: np.mean(np.abs(out - Y)), True),
    ],
    ids=["each against all", "each against its own", "absolute"],
)
def test_each_against_all_or_against_its_own(value, pairs, out) -> None:
    told = float(value(out))
    loss, y = loss_of((told,), out, [Y])
    assert isinstance(loss, OfPairs) is pairs
    assert y is Y
    assert float(loss(Y, out)) == pytest.approx(told, rel=1e-6)
    assert (fault_of(loss, out, Y) is not None) is pairs


def test_a_loss_of_pairs_is_the_usual_one_where_shapes_are_the_same() -> None:
    loss = OfPairs()
    usual = float(keras.losses.MeanSquaredError()(Y[:, None], OUT))
    assert float(loss(Y[:, None], OUT)) == pytest.approx(usual, rel=1e-6)
    assert view_of(loss).pairs
    assert not view_of(keras.losses.MeanSquaredError()).pairs


def test_what_no_loss_gives_is_not_told() -> None:
    with pytest.raises(Unseen, match="none of Keras's losses"):
        loss_of((1.234,), OUT, [Y])


SATURATED = np.array([[1.0], [0.0], [1.0], [0.5]], np.float32)
LABELS = np.array([[1], [0], [0], [1]], np.float32)


def test_logs_of_probabilities_that_round_to_0_are_told_by_their_being_infinite() -> None:
    told = -np.mean(LABELS * np.log(SATURATED) + (1 - LABELS) * np.log(1 - SATURATED))
    assert not np.isfinite(told)
    loss, y = loss_of((float(told),), SATURATED, [10 * LABELS, LABELS, LABELS.copy()])
    assert isinstance(loss, OfLogs)
    assert y is LABELS
    assert not np.isfinite(float(loss(y, SATURATED)))
    with pytest.raises(Unseen, match="none of Keras's losses"):  # it may be either
        loss_of((float(told),), SATURATED, [LABELS, 1 - LABELS])


@pytest.mark.parametrize(
    ("binary", "keras_has"),
    [(True, keras.losses.BinaryCrossentropy()), (False, keras.losses.CategoricalCrossentropy())],
)
def test_logs_of_probabilities_within_are_the_usual_cross_entropy(binary, keras_has) -> None:
    p = RANDOM.uniform(0.1, 0.9, (8, 3)).astype(np.float32)
    p /= p.sum(axis=1, keepdims=True)
    y = np.eye(3, dtype=np.float32)[RANDOM.integers(0, 3, 8)]
    assert float(OfLogs(binary)(y, p)) == pytest.approx(float(keras_has(y, p)), rel=1e-5)
