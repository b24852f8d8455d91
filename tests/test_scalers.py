"""Scalers against scikit-learn itself, and the algebra of affine maps."""

import json
import os
import pickle
import tracemalloc
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import preprocessing as sk
from sklearn.base import clone

from unstuck import scalers
from unstuck.data import Dataset, fashion_mnist, hold_out
from unstuck.errors import DataError, UsageError
from unstuck.scalers import SCALERS, Affine, Scaler, scaler

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (203, 7), dtype=np.uint8)
BYTES[:, 0] = 0  # a pixel that is never inked
BYTES[:, 1] = 9
INPUTS = {
    "uint8": BYTES,
    "int8": BYTES.view(np.int8),
    "int64": BYTES.astype(np.int64) * 1000 - 7,
    "float32": RNG.normal(5, 3, (203, 7)).astype(np.float32),
    "float64, own scales": RNG.normal(0, 1, (203, 7)) * 10.0 ** np.arange(-3, 4) + 1,
    "float64, far off": RNG.normal(1e6, 1, (203, 7)),
    "all alike": np.full((5, 2), 3.5),
    "one row": np.array([[1.0, -2.0]]),
    "truth values": BYTES > 128,
}
LEARNED = {
    "minmax": sk.MinMaxScaler(),
    "center": sk.StandardScaler(with_std=False),
    "spread": sk.StandardScaler(with_mean=False),
    "standard": sk.StandardScaler(),
    "robust": sk.RobustScaler(),
    "maxabs": sk.MaxAbsScaler(),
}
# Values are O(1) after scaling; scikit-learn's own order of operations differs from ours by a
# few roundings, of the shift's size where data lie far from 0 (1e6 standard deviations here).
FLOAT64 = {"rtol": 1e-9, "atol": 1e-9}


@pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("per", ["all", "feature"])
@pytest.mark.parametrize("chunk", [1 << 20, 50])
def test_fits_as_scikit_learn_does(
    x: np.ndarray, kind: Any, per: Any, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scalers, "CHUNK", chunk)
    affine = Scaler(kind, per=per).fit(x)
    # As float64: scikit-learn's own arithmetic on float32 is what would differ.
    plain = x.astype(np.float64)
    columns = plain.reshape(-1, 1) if per == "all" else plain
    expected = clone(LEARNED[kind]).fit_transform(columns).reshape(x.shape)
    np.testing.assert_allclose(affine(plain), expected, **FLOAT64)
    assert affine.shift.shape == affine.scale.shape == (() if per == "all" else x.shape[1:])
    assert affine.shift.dtype == affine.scale.dtype == np.float64


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0), (2.0, 5.0)])
@pytest.mark.parametrize("per", ["all", "feature"])
def test_range(low: float, high: float, per: Any) -> None:
    x = INPUTS["float64, own scales"]
    z = Scaler("minmax", per=per, low=low, high=high).fit(x)(x)
    axis = None if per == "all" else 0
    np.testing.assert_allclose(z.min(axis=axis), low, **FLOAT64)
    np.testing.assert_allclose(z.max(axis=axis), high, **FLOAT64)


def test_bytes_are_mapped_exactly() -> None:
    x = np.array([[0, 51, 255]], np.uint8)
    for name in ("/255", "minmax[0,1]", "maxabs"):
        np.testing.assert_array_equal(SCALERS[name].fit(x)(x), x / 255.0)
    np.testing.assert_array_equal(SCALERS["minmax[-1,1]"].fit(x)(x)[0, [0, 2]], [-1, 1])
    np.testing.assert_array_equal(SCALERS["/1000"].fit(x)(x), x / 1000.0)
    assert SCALERS["none"].fit(x).is_identity
    assert not SCALERS["/255"].fit(x).is_identity


def test_only_what_it_is_given_is_learned() -> None:
    """Held-out examples beyond the range of the training part do not widen it."""
    x = np.linspace(0, 1, 20)[:, None]
    y = np.zeros(20, np.int32)
    data = Dataset("line", x, y, x, y, (1,), 2)
    x_train, _, x_val, _ = hold_out(data, 0.5)
    affine = SCALERS["minmax[0,1]"].fit(x_train)
    assert affine(x_train).max() == 1
    assert affine(x_val).min() > 1


@pytest.mark.parametrize("name", SCALERS)
def test_dtypes_and_input_left_alone(name: str) -> None:
    affine = SCALERS[name].fit(BYTES)
    for x in (BYTES, BYTES.astype(np.float32), BYTES.astype(np.float64)):
        before = x.copy()
        kept = np.float32 if x.dtype == np.float32 else np.float64
        assert affine(x).dtype == kept
        assert affine.inverse(affine(x)).dtype == kept
        np.testing.assert_array_equal(x, before)


def test_a_large_shift_costs_float32_no_digits() -> None:
    x = np.array([[2.0**24 - 1], [2.0**24]], np.float32)
    np.testing.assert_array_equal(Affine(np.array(2.0**24 - 1), np.array(2.0))(x), [[0], [0.5]])


# Magnitudes over which a product of three stays far from overflow and underflow.
numbers = st.floats(-1e6, 1e6, allow_nan=False)
scales = st.floats(1e-3, 1e3) | st.floats(-1e3, -1e-3)


@st.composite
def affines(draw: st.DrawFn, d: int) -> Affine:
    shapes = st.sampled_from([(), (d,)])
    return Affine(
        draw(hnp.arrays(np.float64, draw(shapes), elements=numbers)),
        draw(hnp.arrays(np.float64, draw(shapes), elements=scales)),
    )


def matrix(rows: int, columns: int) -> st.SearchStrategy[np.ndarray]:
    return hnp.arrays(np.float64, (rows, columns), elements=st.floats(-1e3, 1e3))


@given(affines(3), matrix(4, 3))
def test_inverse_undoes(affine: Affine, x: np.ndarray) -> None:
    # Rounding is relative to the largest number on the way, which is x or the shift.
    size = np.abs(x) + np.abs(affine.shift) + 1
    assert (np.abs(affine.inverse(affine(x)) - x) <= 1e-10 * size).all()


@given(affines(3), affines(3), matrix(4, 3))
def test_then_is_one_after_the_other(a: Affine, b: Affine, x: np.ndarray) -> None:
    size = (np.abs(x) + np.abs(a.shift)) / np.abs(a.scale * b.scale)
    size = size + np.abs(b.shift / b.scale) + 1
    assert (np.abs(a.then(b)(x) - b(a(x))) <= 1e-10 * size).all()


@given(affines(3), matrix(4, 3), matrix(3, 2), matrix(1, 2))
def test_fold_gives_the_same_output_on_raw_inputs(
    affine: Affine, x: np.ndarray, kernel: np.ndarray, bias: np.ndarray
) -> None:
    raw_kernel, raw_bias = affine.fold(kernel, bias[0])
    # A sum's rounding error is relative to the sum of its terms' sizes, not to the sum.
    size = (np.abs(x) + np.abs(affine.shift)) @ np.abs(raw_kernel) + np.abs(bias) + 1e-290
    error = np.abs((x @ raw_kernel + raw_bias) - (affine(x) @ kernel + bias))
    assert (error <= 1e-10 * size).all()


@given(affines(3), matrix(3, 2), matrix(1, 2))
def test_unfold_undoes_fold(affine: Affine, kernel: np.ndarray, bias: np.ndarray) -> None:
    raw_kernel, raw_bias = affine.fold(kernel, bias[0])
    back_kernel, back_bias = affine.unfold(raw_kernel, raw_bias)
    np.testing.assert_allclose(back_kernel, kernel, rtol=1e-10, atol=1e-290)
    moved = np.abs(np.broadcast_to(affine.shift, 3)) @ np.abs(raw_kernel) + np.abs(bias[0])
    assert (np.abs(back_bias - bias[0]) <= 1e-10 * moved + 1e-290).all()


def test_fold_of_float32_weights_is_computed_in_float64() -> None:
    affine = Affine(np.array(1e6), np.array(255.0))
    kernel, bias = np.ones((2, 3), np.float32), np.zeros(3, np.float32)
    for folded in (affine.fold(kernel, bias), affine.unfold(kernel, bias)):
        assert [array.dtype for array in folded] == [np.float64, np.float64]


@pytest.mark.parametrize(
    ("shift", "scale", "said"),
    [
        (0.0, 0.0, "a scale of 0"),
        (0.0, [1.0, 2.0, 0.0], "for feature 2"),
        (0.0, np.nan, "a scale of nan"),
        ([0.0, np.inf], 1.0, "a shift of inf for feature 1"),
        ([0.0, 1.0], [1.0, 1.0, 1.0], r"shift \(2,\) with scale \(3,\)"),
        ([[0.0]], [[1.0]], r"shift \(1, 1\)"),
    ],
)
def test_maps_that_cannot_be_undone_are_refused(shift: Any, scale: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Affine(np.array(shift), np.array(scale))


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "standart"},
        {"kind": "standard", "per": "row"},
        {"kind": "divide", "k": 0.0},
        {"kind": "divide", "k": -255.0},
        {"kind": "divide", "k": float("nan")},
        {"kind": "divide", "k": float("inf")},
        {"kind": "minmax", "low": 1.0, "high": 1.0},
        {"kind": "minmax", "low": float("nan")},
    ],
)
def test_impossible_scalers_are_refused(wrong: Any) -> None:
    with pytest.raises(UsageError):
        Scaler(**wrong)


@pytest.mark.parametrize("x", [np.array([[1.0, np.nan]]), np.array([[np.inf]]), np.ones((0, 3))])
def test_data_that_teach_nothing_are_refused(x: np.ndarray) -> None:
    with pytest.raises(DataError):
        SCALERS["standard"].fit(x)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("none", "raw"),
        ("/255", "/ 255"),
        ("/1000", "/ 1000"),
        ("/0.5", "/ 0.5"),
        ("/1e6", "/ 1e+06"),
        ("minmax[0,1]", "[0, 1]"),
        ("minmax[-1,1]", "[-1, 1]"),
        ("center", "centered"),
        ("spread", "unit spread"),
        ("standard", "standardized"),
        ("standard-per-feature", "standardized, per feature"),
        ("robust", "robust"),
        ("robust-per-feature", "robust, per feature"),
        ("maxabs", "/ max |x|"),
    ],
)
def test_names_and_labels(name: str, label: str) -> None:
    assert scaler(name).label == label
    assert scaler(name) == scaler(name)
    assert Scaler(**json.loads(json.dumps(asdict(scaler(name))))) == scaler(name)
    assert hash(pickle.loads(pickle.dumps(scaler(name)))) == hash(scaler(name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("standart", "did you mean 'standard'"),
        ("robust-per-features", "did you mean 'robust-per-feature'"),
        ("/zero", "a number k above 0"),
        ("/0", "divides by 0"),
        ("/-1", "divides by -1"),
        ("", "unknown scaler ''"),
    ],
)
def test_unknown_names(name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        scaler(name)


@pytest.fixture(scope="module")
def pixels() -> np.ndarray:
    folder = os.environ.get("UNSTUCK_DATA")
    if not folder:
        pytest.skip("UNSTUCK_DATA names no Fashion-MNIST folder")
    return fashion_mnist.load(folder).x_train


@pytest.mark.parametrize("name", SCALERS)
def test_small_on_fashion_mnist(name: str, pixels: np.ndarray) -> None:
    tracemalloc.start()
    SCALERS[name].fit(pixels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6  # bytes; the pixels as float64 would be 376e6


@pytest.mark.parametrize("name", ["standard-per-feature", "robust-per-feature"])
def test_equal_to_scikit_learn_on_fashion_mnist(name: str, pixels: np.ndarray) -> None:
    few = pixels[:, 350:378]  # 28 pixels, among them rarely inked ones, of all 60,000 images
    affine = SCALERS[name].fit(few)
    plain = sk.StandardScaler() if name.startswith("standard") else sk.RobustScaler()
    plain.fit(few.astype(np.float64))
    center = plain.mean_ if name.startswith("standard") else plain.center_
    np.testing.assert_allclose(affine.shift, center, rtol=1e-12)
    np.testing.assert_allclose(affine.scale, plain.scale_, rtol=1e-12)
