"""A data set in memory: a training part, a test part, and a fingerprint of their content."""

import hashlib
import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError, UsageError

TEST_SHARE = 0.2  # of a data set that comes in one piece


@dataclass(frozen=True, eq=False)
class Dataset:
    """Training and test examples, one a row.

    Args:
        name: what to call it in reports; not part of the fingerprint.
        x_train: (n, d) features as stored: uint8 for images (never widened here: that would
            take four to eight times the memory), any other real dtype otherwise.
        y_train: (n,) int32 class ids 0..K-1, or (n, k) float32 regression targets.
        x_test: (m, d), as `x_train`.
        y_test: (m,) or (m, k), as `y_train`.
        feature_shape: shape of one example before it was flattened to (d,), e.g. (28, 28).
        classes: K, or None for regression.

    Raises:
        DataError: the arrays do not fit together, or one is empty.
    """

    name: str
    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    feature_shape: tuple[int, ...]
    classes: int | None

    def __post_init__(self) -> None:
        for part, x, y in (
            ("training", self.x_train, self.y_train),
            ("test", self.x_test, self.y_test),
        ):
            if len(x) != len(y):
                seen = f"{self.name}: {len(x)} {part} examples but {len(y)} {part} targets"
                raise DataError(seen, "one target for each example")
            if x.ndim != 2 or x.size == 0:
                seen = f"{self.name}: the {part} features have shape {x.shape}"
                raise DataError(seen, "(n, d) with n ≥ 1 examples of d ≥ 1 features")
        for what, train, test in (
            ("features", self.x_train, self.x_test),
            ("targets", self.y_train, self.y_test),
        ):
            if train.shape[1:] != test.shape[1:]:
                seen = f"{self.name}: {what} of shape {train.shape} and {test.shape}"
                raise DataError(seen, "training and test part alike in all but their length")
        if math.prod(self.feature_shape) != self.x_train.shape[1]:
            seen = f"{self.name}: {self.x_train.shape[1]} features, shaped {self.feature_shape}"
            raise DataError(seen, "a shape with as many entries as there are features")

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256, in hex, of dtype, shape and bytes of the four arrays.

        Two sets of equal content have equal fingerprints whatever they are called and wherever
        they came from. About 0.1 s for Fashion-MNIST, once a data set.
        """
        digest = hashlib.sha256()
        for array in (self.x_train, self.y_train, self.x_test, self.y_test):
            digest.update(f"{array.dtype.str}{array.shape}".encode())
            # Contiguous arrays, the usual case, are hashed where they lie.
            digest.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        return digest.hexdigest()


def hold_out(
    data: Dataset, share: float
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Split into what is trained on and what is validated on; views, nothing is copied.

    Args:
        data: the data set.
        share: 0 to validate on the test part; otherwise the share, below 1, of the training
            examples to hold out. As with Keras's `validation_split` these are the *last* ones,
            unshuffled; their number is round(share · n), which for shares such as 1/12 is the
            number meant where Keras's floor can be one off.

    Returns:
        x_train, y_train, x_val, y_val.

    Raises:
        UsageError: `share` leaves nothing to train on or nothing to validate on.
    """
    if share == 0:
        return data.x_train, data.y_train, data.x_test, data.y_test
    n = len(data.x_train)
    kept = n - round(share * n) if 0 < share < 1 else 0
    if not 0 < kept < n:
        seen = f"a validation share of {share:g} of {n} training examples"
        raise UsageError(seen, "0 (use the test part), or a share that leaves both parts some")
    return data.x_train[:kept], data.y_train[:kept], data.x_train[kept:], data.y_train[kept:]


def subsample(data: Dataset, n_train: int, n_test: int) -> Dataset:
    """The first `n_train` training and `n_test` test examples, for a quick run; views.

    A part that has no more than that stays whole.

    Raises:
        UsageError: a number is below 1.
    """
    if n_train < 1 or n_test < 1:
        raise UsageError(f"{n_train} training and {n_test} test examples", "at least 1 of each")
    if n_train >= len(data.x_train) and n_test >= len(data.x_test):
        return data
    return replace(
        data,
        x_train=data.x_train[:n_train],
        y_train=data.y_train[:n_train],
        x_test=data.x_test[:n_test],
        y_test=data.y_test[:n_test],
    )


def split_test(
    x: NDArray[Any], y: NDArray[Any], classes: int | None
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Shuffle and split data that comes in one piece: 80 % training, 20 % test, seed 0.

    Args:
        x: (n, d) features, n ≥ 2.
        y: (n,) class ids or (n, k) targets.
        classes: K, or None. Classes keep their shares in both parts wherever each class has
            the two examples, and the test part the K places, that this takes.

    Returns:
        x_train, y_train, x_test, y_test.
    """
    from sklearn.model_selection import train_test_split

    places = math.ceil(TEST_SHARE * len(x))
    fits = classes is not None and places >= classes and np.bincount(y).min() >= 2
    x_train, x_test, y_train, y_test = train_test_split(
        x, y, test_size=TEST_SHARE, random_state=0, stratify=y if fits else None
    )
    return x_train, y_train, x_test, y_test
