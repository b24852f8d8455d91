"""The data set record: what it refuses, how it is split, what its fingerprint stands for."""

import hashlib
import pickle
from dataclasses import replace

import numpy as np
import pytest

from unstuck.data import Dataset, hold_out, subsample
from unstuck.data.dataset import split_test
from unstuck.errors import DataError, UsageError


def make(n: int = 12, m: int = 4, d: int = 6) -> Dataset:
    x = np.arange((n + m) * d, dtype=np.uint8).reshape(n + m, d)
    y = (np.arange(n + m) % 3).astype(np.int32)
    return Dataset("made", x[:n], y[:n], x[n:], y[n:], (2, 3), 3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y_train": np.zeros(5, np.int32)}, "12 training examples but 5 training targets"),
        ({"y_test": np.zeros(5, np.int32)}, "4 test examples but 5 test targets"),
        ({"x_train": np.zeros((12, 2, 3))}, r"shape \(12, 2, 3\)"),
        ({"x_train": np.zeros((0, 6)), "y_train": np.zeros(0, np.int32)}, r"shape \(0, 6\)"),
        ({"x_test": np.zeros((4, 5))}, r"\(12, 6\) and \(4, 5\)"),
        ({"y_test": np.zeros((4, 2))}, r"targets of shape \(12,\) and \(4, 2\)"),
        ({"feature_shape": (28, 28)}, r"6 features, shaped \(28, 28\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        replace(make(), **change)  # type: ignore[arg-type]


def test_fingerprint_is_that_of_the_content() -> None:
    data = make()
    digest = hashlib.sha256()
    for array in (data.x_train, data.y_train, data.x_test, data.y_test):
        digest.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
    assert data.fingerprint == digest.hexdigest()
    assert replace(data, name="other").fingerprint == data.fingerprint
    assert pickle.loads(pickle.dumps(data)).fingerprint == data.fingerprint
    # Memory layout is not content.
    fortran = replace(data, x_train=np.asfortranarray(data.x_train))
    assert fortran.fingerprint == data.fingerprint


@pytest.mark.parametrize("key", ["x_train", "y_train", "x_test", "y_test"])
def test_fingerprint_changes_with_one_value_or_the_dtype(key: str) -> None:
    data = make()
    array = getattr(data, key).copy()
    array.flat[-1] += 1
    prints = {
        data.fingerprint,
        replace(data, **{key: array}).fingerprint,
        replace(data, **{key: getattr(data, key).astype(np.int64)}).fingerprint,
    }
    assert len(prints) == 3


def test_share_0_validates_on_the_test_part() -> None:
    data = make()
    parts = hold_out(data, 0)
    arrays = (data.x_train, data.y_train, data.x_test, data.y_test)
    assert all(part is array for part, array in zip(parts, arrays, strict=True))


@pytest.mark.parametrize(("share", "held"), [(0.25, 3), (1 / 12, 1), (0.5, 6), (0.9, 11)])
def test_a_share_holds_out_the_last_examples_uncopied(share: float, held: int) -> None:
    data = make()
    x, y, x_val, y_val = hold_out(data, share)
    assert len(x_val) == held
    np.testing.assert_array_equal(np.concatenate([x, x_val]), data.x_train)
    np.testing.assert_array_equal(np.concatenate([y, y_val]), data.y_train)
    assert all(np.shares_memory(part, data.x_train) for part in (x, x_val))


def test_a_twelfth_of_60000_is_5000() -> None:
    """The split of a published case, which floor(n · (1 − 1/12)) may miss by one."""
    x, y = np.zeros((60_000, 1), np.uint8), np.zeros(60_000, np.int32)
    data = Dataset("big", x, y, x[:1], y[:1], (1,), 2)
    assert [len(part) for part in hold_out(data, 1 / 12)] == [55_000, 55_000, 5_000, 5_000]


@pytest.mark.parametrize("share", [-0.1, 1.0, 2.0, float("nan"), 0.01, 0.99])
def test_a_share_that_leaves_a_part_empty_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="of 12 training examples"):
        hold_out(make(), share)


def test_subsample_takes_the_first() -> None:
    data = make()
    part = subsample(data, 5, 100)
    np.testing.assert_array_equal(part.x_train, data.x_train[:5])
    np.testing.assert_array_equal(part.y_train, data.y_train[:5])
    assert len(part.x_test) == len(part.y_test) == 4
    assert part.fingerprint != data.fingerprint
    assert subsample(data, 12, 4) is data
    for sizes in ((0, 1), (1, 0), (-1, 5)):
        with pytest.raises(UsageError):
            subsample(data, *sizes)


def test_split_keeps_every_example_once_and_the_shares_of_classes() -> None:
    y = np.repeat(np.arange(4, dtype=np.int32), [10, 20, 30, 40])
    x = np.arange(100)[:, None]
    x_train, y_train, x_test, y_test = split_test(x, y, classes=4)
    assert sorted([*x_train[:, 0], *x_test[:, 0]]) == list(range(100))
    np.testing.assert_array_equal(y[x_train[:, 0]], y_train)
    np.testing.assert_array_equal(np.bincount(y_test), [2, 4, 6, 8])
    np.testing.assert_array_equal(split_test(x, y, classes=4)[2], x_test)


@pytest.mark.parametrize("counts", [[9, 1], [2, 2, 2, 2], [1, 1]])
def test_split_works_where_classes_are_too_small_to_keep_their_shares(
    counts: list[int],
) -> None:
    y = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    parts = split_test(y[:, None], y, classes=len(counts))
    assert len(parts[0]) + len(parts[2]) == sum(counts)
    assert len(parts[2]) >= 1
