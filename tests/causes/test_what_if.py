"""A change of the data changes just what it says, and nothing in place."""

import numpy as np
import pytest

from unstuck.causes.what_if import what_if
from unstuck.changes.change import Change
from unstuck.changes.input_clipping import CLIP
from unstuck.changes.input_scaling import CENTER, PER_FEATURE, SPREAD
from unstuck.changes.target_scaling import TARGETS
from unstuck.probes.look import Look
from unstuck.setups.subject import About, LossView, Observation, Sample


def look(x, y=None, kinds=("values",)) -> Look:
    about = About("engine", "jax", LossView("loss"), "linear", None, 1)
    observation = Observation((), (), np.zeros((len(x[0]), 1)), np.zeros((1, 1)), None, 0.0, None)
    return Look(about, Sample(x, y, kinds=kinds, names=("x",) * len(x)), observation)


DRAW = np.random.default_rng(0)
X = DRAW.normal(5.0, 3.0, size=(500, 2, 3)).astype(np.float32)
Y = DRAW.normal(100.0, 7.0, size=(500, 2)).astype(np.float32)


def test_spread_divides_all_by_one_number() -> None:
    (changed,), y = what_if(SPREAD, look((X,), Y))
    assert changed.std() == pytest.approx(1.0, rel=1e-5)
    np.testing.assert_allclose(changed * X.std(), X, rtol=1e-5)
    assert y is Y


def test_centring_takes_each_features_mean() -> None:
    (changed,), _ = what_if(CENTER, look((X,)))
    np.testing.assert_allclose(changed.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(changed.std(axis=0), X.std(axis=0), rtol=1e-4)


def test_targets_are_standardized_in_their_own_dtype() -> None:
    (x,), y = what_if(TARGETS, look((X,), Y))
    assert x is X
    assert y.dtype == Y.dtype
    np.testing.assert_allclose([y.mean(axis=0), y.std(axis=0)], [[0, 0], [1, 1]], atol=1e-4)


def test_clipping_moves_the_wild_value_alone() -> None:
    wild = X.copy()
    wild[3, 1, 2] = 1e6
    (changed,), _ = what_if(CLIP, look((wild,)))
    assert changed[3, 1, 2] < 100
    keep = np.ones(X.shape, bool)
    keep[3, 1, 2] = False
    np.testing.assert_array_equal(changed[keep], X[keep])


def test_ids_and_the_users_arrays_stay() -> None:
    ids, before = DRAW.integers(0, 9, size=(500, 4)), X.copy()
    changed, _ = what_if(SPREAD, look((ids, X), kinds=("ids", "values")))
    assert changed[0] is ids
    np.testing.assert_array_equal(X, before)


def test_whole_numbers_become_float32() -> None:
    (changed,), _ = what_if(SPREAD, look((np.arange(8, dtype=np.uint8)[:, None],)))
    assert changed.dtype == np.float32


@pytest.mark.parametrize(
    ("name", "change"),
    [("spread", SPREAD), ("center-per-feature", CENTER), ("standard-per-feature", PER_FEATURE)],
)
def test_scaling_is_that_of_the_scaler_of_the_same_name(name: str, change: Change) -> None:
    from unstuck.scalers import scaler

    flat = np.hstack([X.reshape(500, -1), np.full((500, 1), 4.0, np.float32)])  # one is constant
    (changed,), _ = what_if(change, look((flat,)))
    expected = scaler(name).fit(flat)(flat)
    np.testing.assert_allclose(changed, expected, rtol=1e-5, atol=1e-6)  # float32
