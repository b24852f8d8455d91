"""What was seen of a `GradientTape`'s step, as arguments of `unstuck.diagnose`."""

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.records.training import Sighting
from unstuck.watching import rows
from unstuck.watching.unseen import Unseen

RULE = "how its parameters are updated was not seen"


@dataclass(eq=False)
class Call:
    """A call of a model or a loss by the script.

    Args:
        what: that was called.
        args, kwargs: of the call.
        output: what it gave.
    """

    what: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any

    def argument(self, place: int, *names: str) -> Any:
        """An argument by its place or one of its names."""
        if len(self.args) > place:
            return self.args[place]
        return next((self.kwargs[n] for n in names if n in self.kwargs), None)


@dataclass(eq=False)
class Step:
    """What was seen of a step until its loss was differentiated."""

    models: list[Call] = field(default_factory=list)
    losses: list[Call] = field(default_factory=list)
    target: Any = None
    written: tuple[Call, Any, Any] | None = None  # told while its arrays were in reach
    fault: Sighting | None = None  # of the loss; the same


def mean(target: Any) -> float:
    """Of a loss, which may be one an example."""
    return float(np.mean(np.asarray(target)))


def arguments(optimizer: Any, step: Step) -> tuple[dict[str, Any], rows.Whole]:
    """Arguments of `unstuck.diagnose`, and where its data were found.

    Args:
        optimizer: of Keras; the rate of gradient descent that is written out, 0 for another rule.

    Raises:
        Unseen: it cannot be told what model and loss the step is of.
    """
    if not step.models or "keras" not in sys.modules:
        raise Unseen("no Keras model is called between two gradients")
    import keras

    if optimizer == 0:
        raise Unseen(RULE)
    if isinstance(optimizer, float):
        optimizer = keras.optimizers.SGD(optimizer)
    model, loss, y = _parts(step)
    x = model.argument(0, "inputs")
    if any(x is call.output for call in step.models):
        raise Unseen("its loss goes through several models")
    batch = [_array(a) for a in (*keras.tree.flatten(x), y)]
    if len({len(a) for a in batch}) > 1:
        raise Unseen("its inputs and targets have no axis of examples in common")
    data = rows.whole(batch, _read)
    inputs = keras.tree.pack_sequence_as(x, data.arrays[:-1])
    return {
        "model": model.what,
        "x": inputs,
        "y": data.arrays[-1],
        "loss": loss,
        "optimizer": optimizer,
        "batch_size": len(batch[0]),
        "shuffle": data.drawn,
    }, data


def _parts(step: Step) -> tuple[Call, Any, Any]:
    """The call of the model, the loss and the targets.

    Raises:
        Unseen: it cannot be told what they are.
    """
    if len(step.losses) > 1:
        raise Unseen(f"{len(step.losses)} losses were called between two gradients")
    if not step.losses:
        return written_out(step)
    (loss,) = step.losses
    model = _model_of(step, loss.argument(1, "y_pred"))
    if model is None:
        raise Unseen("its loss is not called with what a Keras model gave")
    if not _differentiates(step, model, mean(loss.output)):
        raise Unseen("what is differentiated is not the loss that was called")
    if loss.argument(2, "sample_weight") is not None:
        raise Unseen("its examples have weights, which trials would not give them")
    return model, loss.what, loss.argument(0, "y_true")


def _model_of(step: Step, output: Any) -> Call | None:
    import keras

    call = next((c for c in reversed(step.models) if c.output is output), None)
    return call if call is not None and isinstance(call.what, keras.Model) else None


def _penalty(model: Call) -> float:
    return sum(float(np.sum(np.asarray(a))) for a in model.what.losses)


def _differentiates(step: Step, model: Call, value: float) -> bool:
    """Whether what is differentiated has this value, with or without the model's penalty."""
    target = mean(step.target)
    return any(np.isclose(target, v, rtol=1e-4) for v in (value, value + _penalty(model)))


def written_out(step: Step) -> tuple[Call, Any, Any]:
    """The same for a loss that is written out in operations."""
    import keras

    from unstuck.frameworks.keras.written_losses import fault_of, loss_of

    if step.written is not None:
        return step.written
    models = [c for c in step.models if isinstance(c.what, keras.Model)]
    if len(models) != 1:
        raise Unseen(f"no keras.losses.Loss and {len(models)} models were called in a step")
    (model,) = models
    if not hasattr(model.output, "shape"):
        raise Unseen("its model has several outputs, and no keras.losses.Loss is called")
    x = _array(keras.tree.flatten(model.argument(0, "inputs"))[0])
    value = mean(step.target)
    loss, y = loss_of((value, value - _penalty(model)), model.output, rows.beside(x, _read))
    step.fault = step.fault or fault_of(loss, model.output, y)
    return model, loss, y


def _array(tensor: Any) -> NDArray[Any]:
    array = _read(tensor)
    if array is None or not array.ndim:
        raise Unseen("its inputs or targets are no arrays of numbers")
    return array


def _read(value: Any) -> NDArray[Any] | None:
    if type(value).__name__ == "EagerTensor" and value.dtype.is_numpy_compatible:
        value = value.numpy()
    return rows.numbers(value)
