"""What changes do to examples: fitted to the training part, undone exactly, nothing in place."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import RobustScaler, StandardScaler

from unstuck.changes import finite, input_clipping, label_coding, sequences, splits
from unstuck.changes import input_scaling as scaling
from unstuck.changes.change import Part, changed, fits_together, in_order, in_words, value
from unstuck.changes.data import Data
from unstuck.changes.learning_rate import rate
from unstuck.changes.loss import LOGITS
from unstuck.changes.target_scaling import TARGETS
from unstuck.setups.order import batches
from unstuck.setups.split import split
from unstuck.setups.subject import Sample

DRAW = np.random.default_rng(0)
X = DRAW.normal(5.0, [[1.0, 10.0, 0.1]], size=(400, 3)).astype(np.float32)
Y = DRAW.normal(100.0, 7.0, size=(400, 1))
DATA = Data((X[:300],), Y[:300], (X[300:],), Y[300:])


@pytest.mark.parametrize(
    ("change", "oracle"),
    [(scaling.PER_FEATURE, StandardScaler()), (scaling.ROBUST, RobustScaler()),
     (scaling.CENTER, StandardScaler(with_std=False))],
)  # fmt: skip
def test_scalers_are_scikit_learn_s(change, oracle) -> None:
    done = changed(DATA, [change])
    oracle.fit(DATA.x[0].astype(np.float64))
    for ours, given_x in ((done.x, DATA.x), (done.x_held, DATA.x_held)):
        # Inputs stay float32: seven digits of values up to 30.
        np.testing.assert_allclose(ours[0], oracle.transform(given_x[0]), atol=1e-5)


def test_the_rest_of_the_changes_of_inputs() -> None:
    x = DATA.x[0].astype(np.float64)
    (spread,) = changed(DATA, [scaling.SPREAD]).x
    np.testing.assert_allclose(spread, x / x.std(), rtol=1e-5)
    (whole,) = changed(DATA, [scaling.STANDARD]).x
    assert whole.mean() == pytest.approx(0, abs=1e-5)
    (log,) = changed(DATA, [scaling.LOG]).x
    np.testing.assert_allclose(np.sign(log) * np.expm1(np.abs(log)), x, rtol=1e-4)
    wild = DATA.x[0].copy()
    wild[7, 1] = 1e6
    (clipped,) = changed(Data((wild,), DATA.y, DATA.x_held, DATA.y_held), [input_clipping.CLIP]).x
    assert clipped[7, 1] < 200
    np.testing.assert_array_equal(clipped[8:], wild[8:])


def test_nothing_is_changed_in_place_and_ids_are_left_alone() -> None:
    before = DATA.x[0].copy()
    ids = np.arange(300)[:, None]
    both = Data((DATA.x[0], ids), DATA.y, (DATA.x_held[0], ids[:100]), DATA.y_held,
                ("values", "ids"))  # fmt: skip
    done = changed(both, [scaling.PER_FEATURE])
    np.testing.assert_array_equal(done.x[1], ids)
    np.testing.assert_array_equal(DATA.x[0], before)


@given(st.floats(1e-8, 1e8), st.floats(-1e8, 1e8))
def test_targets_come_back_in_their_units(scale: float, shift: float) -> None:
    y = Y * scale + shift
    data = Data(DATA.x, y[:300], DATA.x_held, y[300:])
    done = changed(data, [TARGETS])
    size = max(scale, abs(shift))
    # Standardizing loses what the shift has beyond the spread: 16 digits of the larger of both.
    np.testing.assert_allclose(done.restored(done.y_held), data.y_held, atol=1e-10 * size * 100)


def test_labels_rows_and_splits() -> None:
    y = np.array([0.0, 0.5, 1.0, 0.5])
    data = Data((X[:4],), y, (X[4:8],), y[::-1].copy())
    np.testing.assert_array_equal(changed(data, [label_coding.LABELS]).y, [0, 1, 2, 1])
    holes = X[:4].copy()
    holes[1, 1] = np.nan
    kept = changed(Data((holes,), y, (X[4:8],), y), [finite.FINITE])
    assert len(kept.y) == 3
    assert np.isfinite(kept.x[0]).all()
    other = Data(DATA.x, DATA.y, (DATA.x_held[0] * 50 + 3,), DATA.y_held)
    (matched,) = changed(other, [splits.SPLITS]).x_held
    assert matched.std() == pytest.approx(DATA.x[0].std(), rel=1e-3)
    assert matched.mean() == pytest.approx(DATA.x[0].mean(), rel=1e-3)


def test_sequences_are_padded_in_front_and_ids_are_whole_again() -> None:
    ids = np.array([[3, 1, 0, 0], [0, 2, 0, 0], [4, 0, 1, 2], [0, 0, 0, 0]])
    front = [[0, 0, 3, 1], [0, 0, 0, 2], [4, 0, 1, 2], [0, 0, 0, 0]]
    data = Data((ids,), Y[:4], (ids[::-1].copy(),), Y[:4], ("ids",))
    done = changed(data, [sequences.IN_FRONT])
    np.testing.assert_array_equal(done.x[0], front)
    np.testing.assert_array_equal(done.x_held[0], front[::-1])
    measured = np.repeat(ids[..., None], 3, axis=2) / 7.0  # (n, time, features)
    data = Data((measured,), Y[:4], (measured,), Y[:4])
    np.testing.assert_array_equal(
        changed(data, [sequences.IN_FRONT]).x[0][..., 0], np.array(front) / 7.0
    )
    scaled = (np.arange(500).reshape(50, 10) / 499).astype(np.float32)
    data = Data((scaled,), Y[:50], (scaled[:2],), Y[:2], ("ids",))
    done = changed(data, [sequences.WHOLE_IDS])
    np.testing.assert_array_equal(done.x[0].ravel(), np.arange(500))
    np.testing.assert_array_equal(done.x_held[0].ravel(), np.arange(20))


def test_held_out_examples_are_a_fixed_quarter_and_finite() -> None:
    x = X.copy()
    x[::40] = np.nan
    data = split(Sample((x,), Y))
    assert len(data.y_held) == 100
    assert np.isfinite(data.x_held[0]).all()
    assert np.isnan(data.x[0]).any()
    again = split(Sample((x,), Y))
    np.testing.assert_array_equal(data.y_held, again.y_held)


def test_factors_multiply_and_what_excludes_each_other_is_told() -> None:
    both = (rate(2), LOGITS, rate(-1))
    assert value(both, Part.RATE) == pytest.approx(3.0)
    assert value(both, Part.LOSS) == "logits"
    assert value(both, Part.BATCH, 32) == 32
    assert not fits_together(both)
    assert in_order((rate(2), TARGETS, LOGITS)) == (TARGETS, LOGITS, rate(2))
    assert in_words((LOGITS, rate(2))) == "the loss computed from logits and learning rate × 9"


@pytest.mark.parametrize("shuffled", [True, False])
def test_orders_see_every_example_once_an_epoch(shuffled: bool) -> None:
    rows = batches(10, 5, 6, shuffled, seed=3)
    for epoch in range(3):
        assert sorted(rows[2 * epoch : 2 * epoch + 2].ravel()) == list(range(10))
    np.testing.assert_array_equal(rows, batches(10, 5, 6, shuffled, seed=3))
    assert (rows == batches(10, 5, 6, shuffled, seed=3, stream=1)).all() == (not shuffled)
    assert batches(3, 32, 4, shuffled, 0).shape == (4, 3)
