"""What targets are taken for, by table."""

import numpy as np
import pytest

from unstuck.data.columns import FEW, MAX_INTEGER_CLASSES, STRAY, features, targets
from unstuck.errors import DataError

MANY = MAX_INTEGER_CLASSES + 1


@pytest.mark.parametrize(
    ("y", "classes", "coded"),
    [
        (np.array([3, 1, 3]), 2, [1, 0, 1]),
        (np.array([-1, 1, -1], np.int8), 2, [0, 1, 0]),
        (np.array([[2], [0], [2]], np.uint8), 2, [1, 0, 1]),  # as Keras stores CIFAR-10
        (np.array([True, False]), 2, [1, 0]),
        (np.array(["dog", "ant", "cat"]), 3, [2, 0, 1]),
        (np.array([b"b", b"a"]), 2, [1, 0]),
        (np.array([[0, 1, 0], [0, 0, 1]]), 3, [1, 2]),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), 2, [1, 0]),
        (np.arange(MANY - 1).repeat(2), MANY - 1, sorted([*range(MANY - 1)] * 2)),
        (np.arange(MANY), None, [[i] for i in range(MANY)]),
        (np.array([1.0, 0.0, 1.0]), None, [[1], [0], [1]]),
        (np.array([[0.5, 1], [2, 3]]), None, [[0.5, 1], [2, 3]]),
        (np.array([[1, 1], [0, 1]]), None, [[1, 1], [0, 1]]),  # not one-hot: two 1s in a row
    ],
)
def test_targets(y: np.ndarray, classes: int | None, coded: list[object]) -> None:
    (found,), k = targets([y], "y")
    assert k == classes
    assert found.dtype == (np.float32 if classes is None else np.int32)
    np.testing.assert_array_equal(found, np.array(coded))


def test_more_words_than_a_hundred_are_still_classes() -> None:
    words = np.array([f"w{i:03}" for i in range(MANY)] * 2)
    (found,), classes = targets([words], "y")
    assert classes == MANY
    np.testing.assert_array_equal(found, [*range(MANY)] * 2)


@pytest.mark.parametrize("n", [FEW - 1, FEW])
def test_examples_that_share_no_class_are_refused_where_they_are_many(n: int) -> None:
    if n < FEW:
        assert targets([np.arange(n)], "y")[1] == n
        return
    with pytest.raises(DataError, match=f"{n} different labels in {n} examples"):
        targets([np.arange(n)], "y")


@pytest.mark.parametrize("words", [1, 2, 3])
def test_a_word_among_numbers_is_a_class_only_where_there_are_more_of_it(words: int) -> None:
    y = np.array(["1", "2"] * 20 + ["many"] * words)
    if words >= STRAY * len(y):
        assert targets([y], "y")[1] == 3
        return
    with pytest.raises(DataError, match="'many' among targets that are numbers"):
        targets([y], "y")


def test_both_parts_are_coded_alike() -> None:
    (train, test), classes = targets([np.array([4, 9, 4]), np.array([9, 7])], "y")
    assert classes == 3
    np.testing.assert_array_equal(train, [0, 2, 0])
    np.testing.assert_array_equal(test, [2, 1])


@pytest.mark.parametrize("dtype", ["u1", "i2", "i8", "f2", "f4", "f8"])
def test_features_keep_their_dtype(dtype: str) -> None:
    x = np.arange(6).astype(dtype)
    assert features(x, "x").dtype == dtype
    assert features(x, "x").shape == (6, 1)
    assert features(x.reshape(1, 2, 3), "x").shape == (1, 2, 3)


def test_truth_values_become_bytes() -> None:
    np.testing.assert_array_equal(features(np.array([[True, False]]), "x"), [[1, 0]])
    assert features(np.array([[True, False]]), "x").dtype == np.uint8
