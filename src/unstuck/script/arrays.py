"""Data named on the command line, as arguments of `unstuck.diagnose`."""

import math
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unstuck.data.sources import DataRef
from unstuck.errors import UsageError


def from_files(x: Path | None, y: Path | None) -> dict[str, Any]:
    """x and y from files of their own, as they are stored; `.npy` files are mapped, not read.

    Raises:
        UsageError: targets without inputs.
        DataError: as `unstuck.data.files.array` raises it.
    """
    from unstuck.data.files import array

    if x is None:
        raise UsageError("--y without --x", "both")
    return {"x": array(x, "x"), "y": None if y is None else array(y, "y"), "validation_data": None}


def from_source(source: DataRef, model: Any) -> dict[str, Any]:
    """Training part and test part of a data set, with the latter for validation.

    Args:
        source: names the data set.
        model: where it has an `input_shape` of as many entries as an example, examples get it.

    Raises:
        UsageError, DataError: as `DataRef.load` raises them.
    """
    data = source.load()
    shape = _wanted(model, math.prod(data.feature_shape)) or data.x_train.shape[1:]

    def shaped(x: NDArray[Any]) -> NDArray[Any]:
        return x.reshape(len(x), *shape)

    return {
        "x": shaped(data.x_train),
        "y": data.y_train,
        "validation_data": (shaped(data.x_test), data.y_test),
    }


def _wanted(model: Any, entries: int) -> tuple[int, ...] | None:
    """The shape of one example that a Keras model names, if it has so many entries."""
    try:
        shape = model.input_shape
    except Exception:  # not there, or a model not built, which different versions tell differently
        return None
    if not isinstance(shape, tuple) or not all(isinstance(axis, int) for axis in shape[1:]):
        return None
    return shape[1:] if math.prod(shape[1:]) == entries else None
