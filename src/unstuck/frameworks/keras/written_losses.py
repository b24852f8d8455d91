"""Losses that a script writes out in operations, told by their value: which of Keras's losses, of
which of the arrays in reach, gives the same number."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.records.training import Sighting
from unstuck.watching.sightings import sighting
from unstuck.watching.unseen import Faulty, Unseen

AGREES = 1e-4  # relative; a loss computed in another way differs by rounding alone
_OF_VALUES = (
    keras.losses.MeanSquaredError,
    keras.losses.MeanAbsoluteError,
    keras.losses.Huber,
    keras.losses.LogCosh,
)
_OF_CLASSES = (keras.losses.SparseCategoricalCrossentropy,)
_ONE_HOT = (keras.losses.CategoricalCrossentropy, keras.losses.BinaryCrossentropy)
_HOW = ("sum_over_batch_size", "sum")


def loss_of(
    values: tuple[float, ...], output: Any, several: Iterable[NDArray[Any]]
) -> tuple[Any, NDArray[Any]]:
    """A loss of Keras's and the targets of a batch, that give one of some values.

    Args:
        values: of the loss that was differentiated, with what the model adds to it and without.
        output: of the model.
        several: arrays that may be the targets.

    Raises:
        Faulty: it subtracts every target from every output.
        Unseen: there are none.
    """
    out, several = np.asarray(output), list(several)
    for y in several:
        for loss in _fitting(out, y):
            told = float(loss(y, out))  # an array, which hides no logits behind it
            if any(np.isclose(told, value, rtol=AGREES, atol=0) for value in values):
                return loss, y
            if any(np.isclose(-told, value, rtol=AGREES, atol=0) for value in values):
                return _negated(loss), y
    for y in several:
        if any(np.isclose(told, v, rtol=AGREES) for told in _spread(out, y) for v in values):
            raise Faulty(_broadcast(out, y))
    raise Unseen(
        "none of Keras's losses, called with what its model gave and an array in reach, is what is"
        " differentiated"
    )


def _spread(out: NDArray[Any], y: NDArray[Any]) -> list[float]:
    """Mean squared and absolute differences of each output and every target, (n, 1) and (n,)."""
    if out.shape != (*y.shape, 1) or y.ndim != 1 or len(y) < 2 or y.dtype.kind not in "iuf":
        return []
    differences = out - y
    return [float(np.mean(np.square(differences))), float(np.mean(np.abs(differences)))]


def _broadcast(out: NDArray[Any], y: NDArray[Any]) -> Sighting:
    n = len(y)
    return sighting(
        "target-shape",
        n * n,
        str(n),
        "differences in a batch",
        f"the loss subtracts targets of shape {y.shape} from outputs of shape {out.shape}: each of"
        f" {n} outputs is held against all {n} targets, and the best answer is their mean",
    )


def _fitting(out: NDArray[Any], y: NDArray[Any]) -> Iterator[Any]:
    """Losses that take such outputs and targets, each as likely as those after it."""
    one = out.ndim == 2 and out.shape[1] == 1
    alike = y.shape == out.shape or (one and y.shape == out.shape[:1])
    kinds: list[Any] = []
    if alike and _is_share(y):
        kinds += _both(_ONE_HOT)
    if alike:
        kinds += _OF_VALUES
    ids = y.dtype.kind in "iub" and y.shape in (out.shape[:-1], (*out.shape[:-1], 1))
    if ids and out.shape[-1] > 1 and y.min(initial=0) >= 0 and y.max(initial=0) < out.shape[-1]:
        kinds += _both(_OF_CLASSES)
    for kind in kinds:
        for how in _HOW:
            yield kind(reduction=how)


def _negated(loss: Any) -> Any:
    """With its other sign, of outputs as they are: Keras finds the logits behind a softmax."""

    def negated(y_true: Any, y_pred: Any) -> Any:
        return -loss(y_true, keras.ops.add(y_pred, 0.0))

    return negated


def _both(kinds: tuple[Any, ...]) -> list[Any]:
    return [partial(k, from_logits=logits) for k in kinds for logits in (False, True)]


def _is_share(y: NDArray[Any]) -> bool:
    """Whether targets may be probabilities."""
    return bool(y.size) and float(y.min()) >= 0 and float(y.max()) <= 1
