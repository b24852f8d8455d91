"""Losses that a script writes out in operations, told by their value: which of Keras's losses, of
which of the arrays in reach, gives the same number."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import is_one_hot
from unstuck.frameworks.keras.loss import OfLogs, OfPairs
from unstuck.records.training import Sighting
from unstuck.watching.sightings import sighting
from unstuck.watching.unseen import Unseen

NO_LOSS = (
    "none of Keras's losses, called with what its model gave and an array in reach, is what is"
    " differentiated"
)
AGREES = 1e-4  # relative; a loss computed in another way differs by rounding alone
_OF_VALUES = (
    keras.losses.MeanSquaredError,
    keras.losses.MeanAbsoluteError,
    keras.losses.Huber,
    keras.losses.LogCosh,
)
_OF_CLASSES = (keras.losses.SparseCategoricalCrossentropy,)
_ONE_HOT = (keras.losses.CategoricalCrossentropy, keras.losses.BinaryCrossentropy)
_OF_PAIRS = (OfPairs(), OfPairs(squared=False))
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
        Unseen: there are none.
    """
    out, several = np.asarray(output), list(several)
    if not any(map(np.isfinite, values)):
        return _of_logs(out, several)
    found: list[tuple[float, Any, NDArray[Any]]] = []
    for y in several:
        for loss in _fitting(out, y):
            told = float(loss(y, out))  # an array, which hides no logits behind it
            found += [(_off(told, values), loss, y), (_off(-told, values), _negated(loss), y)]
    own = next((f for f in found if f[0] <= AGREES), None)
    pairs = [
        (_off(float(loss(y, out)), values), loss, y)
        for y in several
        for loss in (_OF_PAIRS if _spreads(out, y) else ())
    ]
    # Where outputs hardly differ yet, so do the two: the nearer one it is.
    nearest = min(pairs, key=lambda p: p[0], default=None)
    if nearest is not None and nearest[0] < (AGREES if own is None else own[0]):
        own = nearest
    if own is None:
        raise Unseen(NO_LOSS)
    return own[1], own[2]


def _of_logs(out: NDArray[Any], several: list[NDArray[Any]]) -> tuple[Any, NDArray[Any]]:
    """The cross-entropy that is not finite of the only array that can be its targets."""
    found = [
        (loss, y)
        for y in several
        for loss in (OfLogs(), OfLogs(binary=False))
        if np.isfinite(out).all() and _alike(out, y) and _is_share(y)
        and not np.isfinite(float(loss(y, out)))
    ]  # fmt: skip
    if len({y.astype(float).tobytes() for _, y in found}) != 1:
        raise Unseen(NO_LOSS)
    several_outputs = out.ndim > 1 and out.shape[1] > 1 and is_one_hot(found[0][1])
    return found[-1] if several_outputs else found[0]


def _alike(out: NDArray[Any], y: NDArray[Any]) -> bool:
    """Whether targets have the shape of outputs, but for an axis of one."""
    one = out.ndim == 2 and out.shape[1] == 1
    return y.shape == out.shape or (one and y.shape == out.shape[:1])


def _off(told: float, values: tuple[float, ...]) -> float:
    """By how much of it a loss differs from the nearest of some values."""
    off = (abs(told - v) / abs(v) if v else float(told != v) for v in values)
    return min((o for o in off if o == o), default=np.inf)


def fault_of(loss: Any, output: Any, y: NDArray[Any]) -> Sighting | None:
    """What is at fault with a loss: that it subtracts every target from every output."""
    if not isinstance(loss, OfPairs):
        return None
    n = len(y)
    return sighting(
        "target-shape",
        n * n,
        str(n),
        "differences in a batch",
        f"the loss subtracts targets of shape {y.shape} from outputs of shape"
        f" {tuple(output.shape)}: each of {n} outputs is held against all {n} targets, and the best"
        " answer is their mean",
    )


def _spreads(out: NDArray[Any], y: NDArray[Any]) -> bool:
    return out.shape == (*y.shape, 1) and y.ndim == 1 and len(y) > 1 and y.dtype.kind in "iuf"


def _fitting(out: NDArray[Any], y: NDArray[Any]) -> Iterator[Any]:
    """Losses that take such outputs and targets, each as likely as those after it."""
    alike = _alike(out, y)
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
