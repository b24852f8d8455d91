"""Losses of Keras: what each wants, and whether the targets are that."""

import re
from typing import Any

import keras
import numpy as np
from keras.src.trainers.compile_utils import CompileLoss
from numpy.typing import NDArray

from unstuck.errors import DataError, LabelsOutOfRange, UsageError
from unstuck.names import meant
from unstuck.setups.subject import Given, LossView

# Beginning of a loss's name, in snake case -> what it takes, and its targets.
_VIEWS: dict[str, tuple[Any, Any]] = {
    "sparse_categorical_crossentropy": ("probabilities", "ids"),
    "categorical_crossentropy": ("probabilities", "one-hot"),
    "categorical_focal_crossentropy": ("probabilities", "one-hot"),
    "binary_crossentropy": ("probabilities", "binary"),
    "binary_focal_crossentropy": ("probabilities", "binary"),
    "mean_squared_error": ("values", "values"),
    "mean_absolute_error": ("values", "values"),
    "mean_absolute_percentage_error": ("values", "values"),
    "mean_squared_logarithmic_error": ("values", "values"),
    "huber": ("values", "values"),
    "log_cosh": ("values", "values"),
    "poisson": ("values", "values"),
    "cosine_similarity": ("values", "values"),
    "kl_divergence": ("probabilities", "unknown"),
    "hinge": ("values", "unknown"),
    "squared_hinge": ("values", "unknown"),
    "categorical_hinge": ("values", "one-hot"),
}


class OfPairs(keras.losses.Loss):  # type: ignore[misc]
    """Mean squared or absolute difference as operations compute it: targets (n,) are broadcast
    against outputs (n, 1), so that each output is held against all of them.

    Args:
        squared: else the absolute difference.
    """

    def __init__(self, squared: bool = True) -> None:
        super().__init__(f"mean_{'squared' if squared else 'absolute'}_difference")
        self._squared = squared

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(n,) means over the targets that each output is held against."""
        off = keras.ops.subtract(y_pred, keras.ops.cast(y_true, y_pred.dtype))
        off = keras.ops.square(off) if self._squared else keras.ops.absolute(off)
        return keras.ops.mean(off, axis=-1)

    @property
    def view(self) -> LossView:
        """What it wants."""
        return LossView(self.name, "values", "values", pairs=True)


class OfLogs(keras.losses.Loss):  # type: ignore[misc]
    """Cross-entropy as operations compute it, with no probability clipped, as Keras's are: where
    one rounds to 0 it is infinite, or NaN.

    Args:
        binary: of each output by itself; else of classes, of one-hot targets.
    """

    def __init__(self, binary: bool = True) -> None:
        super().__init__(f"{'binary' if binary else 'categorical'}_crossentropy_of_logs")
        self._binary = binary

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """(n,) losses."""
        ops, p = keras.ops, y_pred
        y = ops.reshape(ops.cast(y_true, p.dtype), ops.shape(p))
        if self._binary:
            return -ops.mean(y * ops.log(p) + (1 - y) * ops.log(1 - p), axis=-1)
        return -ops.sum(y * ops.log(p), axis=-1)

    @property
    def view(self) -> LossView:
        """What it wants."""
        return LossView(self.name, "probabilities", "binary" if self._binary else "one-hot")


def compile_loss(model: Any, given: Given) -> CompileLoss | None:
    """The loss as `fit` computes it, on an object of its own; None where the model adds it itself.

    Raises:
        UsageError: no loss at all, or a name that Keras does not know.
    """
    loss, weights = given.loss, None
    if loss is None and not model.compiled:
        raise UsageError(
            "the model was never compiled, and no loss was given",
            "a loss to be looked at",
            "model.compile(optimizer=…, loss=…), or diagnose(…, loss=…, optimizer=…)",
        )
    if loss is None:
        if model._compile_loss is None:
            return None
        loss, weights = model.loss, model._compile_loss._user_loss_weights
    for name in keras.tree.flatten(loss):
        if isinstance(name, str) and name.lower() not in ("crossentropy", "ce"):
            try:
                keras.losses.get(name)
            except ValueError:
                known = [n for n in dir(keras.losses) if not n.startswith("_")]
                raise UsageError(
                    f"the loss is {name!r}",
                    "a loss of Keras",
                    meant(name, sorted({*known, "mse", "mae", "crossentropy"}), "see keras.losses"),
                ) from None
    if not isinstance(loss, str | list | tuple | dict) and not callable(loss):
        raise UsageError(
            f"the loss is a {type(loss).__name__}", "a loss of Keras, its name or a function"
        )
    if type(loss).__module__.split(".")[0] in ("torch", "optax"):
        raise UsageError(f"the loss is {type(loss).__name__} of PyTorch", "a loss of Keras")
    return CompileLoss(loss, weights, output_names=getattr(model, "output_names", None))


def view_of(loss: Any) -> LossView:
    """What a resolved loss (an object of `keras.losses.Loss`) wants."""
    if loss is None:
        return LossView("the model's own")
    own = type(loss)
    if isinstance(loss, OfPairs | OfLogs):
        return loss.view
    function = getattr(loss, "fn", None)
    name = own.__name__ if function is None else getattr(function, "__name__", own.__name__)
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    of_keras = (own if function is None else function).__module__.startswith("keras.")
    if not of_keras or name not in _VIEWS:
        return LossView(name)
    takes, targets = _VIEWS[name]
    settings = {**vars(loss), **getattr(loss, "_fn_kwargs", {})}
    if takes == "probabilities" and settings.get("from_logits"):
        takes = "logits"
    return LossView(name, takes, targets, settings.get("ignore_class"))


def each(loss: Any) -> Any:
    """The same loss, not averaged over the examples."""
    copy = object.__new__(type(loss))  # copy.copy would go through a file
    copy.__dict__.update(loss.__dict__)
    copy.reduction = "none"
    return copy


def check_targets(view: LossView, y: NDArray[Any] | None, output: tuple[int, ...]) -> None:
    """Sees that the targets are what the loss wants of an output of this shape.

    Args:
        y: (n, ...) targets.
        output: shape of the model's output without the axis of examples.

    Raises:
        DataError: labels outside the outputs (not on JAX, which computes a loss of them), one-hot
            for ids or the other way round.
    """
    if y is None or not output:
        return
    classes = output[-1]
    shape = y.shape[1:]
    if view.targets == "ids":
        if shape == output and classes > 1:
            raise DataError(
                f"the targets have shape (n, {classes}), one number a class, and the loss is"
                f" {view.name}",
                "the number of the class of each example",
                'loss="categorical_crossentropy", or y.argmax(axis=1)',
            )
        low, high = _range(view.counted(y))
        counts = keras.backend.backend() == "jax"  # reads such labels as nothing, or NaN
        if not counts and (low < 0 or high >= classes):
            outside = low if low < 0 else high
            raise LabelsOutOfRange(
                f"a target is {outside:g}, but the model has {classes} outputs",
                f"labels 0 to {classes - 1}",
                "subtract the smallest label (y - y.min()), or give the last layer one unit more"
                " than the largest label",
            )
    elif view.targets == "one-hot" and shape != output:
        raise DataError(
            f"the targets have shape {y.shape}, the model's outputs (n, {classes}), and the loss"
            f" is {view.name}",
            "targets one-hot, of the outputs' shape",
            'loss="sparse_categorical_crossentropy" for class numbers, or'
            f" keras.utils.to_categorical(y, {classes})",
        )


def _range(y: NDArray[Any]) -> tuple[float, float]:
    finite = y[np.isfinite(y)] if y.dtype.kind == "f" else y
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
