"""Planted outliers: how many, how far, where, and that nothing else moves."""

import numpy as np
import pytest

from unstuck.data import Outliers, plant
from unstuck.errors import UsageError

RNG = np.random.default_rng(0)
INPUTS = {
    "bytes": RNG.integers(0, 256, (200, 7), dtype=np.uint8),
    "negative": -RNG.random((200, 7), dtype=np.float32),
    "int8 minimum": np.full((200, 7), -128, np.int8),
}


@pytest.mark.parametrize("x", INPUTS.values(), ids=INPUTS)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 1.0])
def test_one_value_in_a_share_of_the_rows(x: np.ndarray, share: float) -> None:
    before = x.copy()
    planted = plant(x, Outliers(share=share, factor=50.0))
    assert planted.dtype == np.float32
    np.testing.assert_array_equal(x, before)

    changed = planted != x.astype(np.float32)
    assert changed.sum(axis=1).max(initial=0) <= 1
    assert changed.sum() == round(share * len(x))
    np.testing.assert_allclose(planted[changed], 50 * np.abs(x.astype(np.float64)).max(), rtol=1e-6)


def test_the_seed_decides_where() -> None:
    x = INPUTS["bytes"]
    first = plant(x, Outliers(0.1, seed=1))
    np.testing.assert_array_equal(first, plant(x, Outliers(0.1, seed=1)))
    assert (first != plant(x, Outliers(0.1, seed=2))).any()
    columns = (plant(x, Outliers(1.0)) != x).argmax(axis=1)
    assert set(columns) == set(range(7))


@pytest.mark.parametrize(
    "wrong",
    [
        {"share": -0.1},
        {"share": 1.1},
        {"share": float("nan")},
        {"factor": float("inf")},
        {"factor": float("nan")},
        {"seed": -1},
    ],
)
def test_impossible_outliers_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        Outliers(**wrong)  # type: ignore[arg-type]


def test_an_outlier_beyond_float32_is_refused() -> None:
    with pytest.raises(UsageError, match="float32"):
        plant(INPUTS["bytes"], Outliers(factor=1e38))
