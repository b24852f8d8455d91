"""Losses that a script writes out are told by their value."""

import keras
import numpy as np
import pytest

from unstuck.frameworks.keras.loss import OfPairs, view_of
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
