"""What the columns of a file mean: features that can be trained on, and classes or numbers.

What a target means is read off its values:

- text, truth values, or at most 100 distinct integers of an integer type: class labels,
  numbered 0..K-1 in sorted order (in a CSV file "3" is an integer, "3.0" is not);
- rows of one 1 among 0s: one-hot classes, the column is the class;
- all else: regression targets, as float32.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError

MAX_INTEGER_CLASSES = 100
FEW = 20  # examples, below which each may be a class of its own on purpose
STRAY = 0.05  # share of examples, below which words among numbers are a mistake

Array = NDArray[Any]


def features(x: Array, what: str) -> Array:
    """x with at least two axes, (n, ...), in its own dtype; bool as uint8.

    Raises:
        DataError: not real numbers, empty, or NaN or infinite somewhere.
    """
    if x.dtype.kind not in "biuf":
        raise DataError(f"{what} has dtype {x.dtype}", "real numbers")
    if x.size == 0 or x.ndim == 0:
        raise DataError(f"{what} has shape {x.shape}", "at least one example")
    _check_finite(x, what)
    if x.dtype.kind == "f" and x.dtype.itemsize > 8:
        x = x.astype(np.float64)
    x = x.view(np.uint8) if x.dtype == np.bool_ else x
    return x if x.ndim > 1 else x[:, None]


def finite(array: Array) -> NDArray[np.bool_]:
    """Whether each number is one that a network can be given: finite, in float32 as well."""
    sound: NDArray[np.bool_] = np.abs(array) <= np.finfo(np.float32).max
    return sound


def _check_finite(array: Array, what: str) -> None:
    bad = ~finite(array)
    if bad.any():
        first = tuple(int(axis[0]) for axis in np.nonzero(bad))
        seen = f"{what}: {bad.sum()} NaN or infinite values, the first at index {first}"
        raise DataError(seen, "numbers that float32 can hold", "repair them or drop those examples")


def targets(ys: list[Array], what: str) -> tuple[list[Array], int | None]:
    """Targets of all parts, coded alike.

    Args:
        ys: the training part's, and the test part's if there is one; (n,), (n, 1) or (n, k),
            numbers or text.
        what: what to call them in errors.

    Returns:
        (n,) int32 class ids and the number of classes, or (n, k) float32 and None.

    Raises:
        DataError: another dtype or shape, text beside numbers, NaN or infinite values, or a
            training part of a single class.
    """
    ys = [y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y for y in ys]
    for y in ys:
        if y.dtype.kind not in "biufUS" or y.ndim not in (1, 2) or y.size == 0:
            seen = f"{what}: targets of dtype {y.dtype} and shape {y.shape}"
            raise DataError(seen, "numbers or text of shape (n,), or numbers of shape (n, k)")
    text = {y.dtype.kind in "US" for y in ys}
    if text == {True, False} or (text == {True} and any(y.ndim > 1 for y in ys)):
        raise DataError(f"{what}: some targets are text, some are not in one column")
    if all(map(is_one_hot, ys)) and len({y.shape[1] for y in ys}) == 1:
        return _classes([y.argmax(axis=1) for y in ys], ys[0].shape[1], what)
    if all(y.ndim == 1 and y.dtype.kind in "biuUS" for y in ys):
        labels, counts = np.unique(np.concatenate(ys), return_counts=True)
        if text == {True} or len(labels) <= MAX_INTEGER_CLASSES:
            _check_labels(labels, counts, what)
            return _classes([np.searchsorted(labels, y) for y in ys], len(labels), what)
    with np.errstate(over="ignore"):  # told by the check
        ys = [y.reshape(len(y), -1).astype(np.float32) for y in ys]
    for y in ys:
        _check_finite(y, f"{what}: targets, as float32")
    return ys, None


def _classes(ids: list[Array], classes: int, what: str) -> tuple[list[Array], int]:
    if np.ptp(ids[0]) == 0:
        raise DataError(f"{what}: all training targets are of one class", "two or more")
    return [part.astype(np.int32) for part in ids], classes


def _check_labels(labels: Array, counts: NDArray[np.int64], what: str) -> None:
    """Classes are shared by examples, and are words or numbers."""
    n = int(counts.sum())
    if len(labels) == n >= FEW:
        raise DataError(
            f"{what}: {n} different labels in {n} examples",
            "classes that several examples share",
            "numbers that are to be predicted are written as such: 3.0",
        )
    check_words(labels, counts, what)


def check_words(labels: Array, counts: NDArray[np.int64], what: str) -> None:
    """No word has strayed among numbers: it is a class where more examples are of it.

    Args:
        labels, counts: the distinct ones, as text or as numbers, and the examples of each.

    Raises:
        DataError: one has.
    """
    n = int(counts.sum())
    words = np.array([not is_number(str(label)) for label in labels])
    if not words.all() and 0 < counts[words].sum() < STRAY * n:
        strayed = ", ".join(repr(str(label)) for label in labels[words][:3])
        raise DataError(
            f"{what}: {strayed} among targets that are numbers",
            "numbers, or classes of which each is a word",
            "correct or drop those examples; where it is a class, call all of them by words",
        )


def is_number(text: str) -> bool:
    """Whether a text is one."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def is_one_hot(y: Array) -> bool:
    """Whether targets are rows of a single 1 among zeros."""
    if y.ndim != 2 or y.dtype.kind not in "biuf":
        return False
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
