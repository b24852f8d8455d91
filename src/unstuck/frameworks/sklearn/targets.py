"""A scikit-learn estimator's targets: what it can be trained on, and how its network gets them."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier
from sklearn.utils.multiclass import type_of_target

from unstuck.data.columns import check_words
from unstuck.errors import DataError, UsageError
from unstuck.setups.sample import as_array


def targets(network: Any, y: Any, what: str) -> NDArray[Any]:
    """Targets as an array: class labels for a classifier, numbers for a regressor.

    Raises:
        DataError: what scikit-learn could not train on.
    """
    if y is None:
        raise UsageError(f"{what} are missing", "a pair (x, y) of arrays")
    classes = isinstance(network, MLPClassifier)
    array = as_array(y, what, text=classes)
    if array.ndim > 1 and not array.size:
        raise DataError(f"{what} have shape {array.shape}", "one for each example")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = array[~np.isfinite(array)]
        raise DataError(f"{what} hold {len(bad)} values such as {bad[0]}", "finite numbers")
    if not classes or not array.size:
        return array
    if array.dtype.kind == "U":
        check_words(*np.unique(array, return_counts=True), what)
    kind = type_of_target(array)
    if kind.startswith("continuous"):
        fractions = array[array != np.floor(array)]  # none, where they are beyond all whole numbers
        odd = f"{fractions[0]}, a fraction" if fractions.size else f"{array.flat[0]}"
        raise DataError(
            f"{what} of a classifier hold {odd}",
            "class labels: whole numbers or text",
            "numbers to be predicted are for MLPRegressor",
        )
    if kind not in ("binary", "multiclass", "multilabel-indicator") or array.ndim > 2:
        raise DataError(
            f"{what} of a classifier have shape {array.shape}",
            "(n,) class labels, or (n, k) of 0 and 1",
        )
    return array


def coded_targets(
    network: Any, steps: list[Any], y: NDArray[Any]
) -> tuple[NDArray[Any], Callable[[NDArray[Any]], NDArray[Any]]]:
    """Targets as the network gets them, and the function that codes others alike."""
    if isinstance(network, MLPClassifier):
        if y.ndim == 2 and y.shape[1] > 1:
            return y.astype(np.float32), lambda other: other.astype(np.float32)
        classes = np.unique(y)

        def code(other: NDArray[Any]) -> NDArray[Any]:
            """Labels that training has none of come after those it has."""
            known = np.concatenate([classes, np.setdiff1d(other, classes)])
            order = np.argsort(known)
            return order[np.searchsorted(known, other.ravel(), sorter=order)].astype(np.int32)

        return code(y), code
    y = as_array(y, "the targets").astype(np.float64)
    fitted, columns = [], y.reshape(len(y), -1)
    for step in steps:  # each is fitted on what those before it make of the targets
        fitted.append(clone(step).fit(columns))
        columns = fitted[-1].transform(columns)

    def transform(other: NDArray[Any]) -> NDArray[Any]:
        columns = other.reshape(len(other), -1)
        for step in fitted:
            columns = step.transform(columns)
        return np.asarray(columns, np.float64)

    return transform(y), transform
