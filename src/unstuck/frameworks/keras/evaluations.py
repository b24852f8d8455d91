"""What a model of Keras's is asked about when it has learnt: `evaluate` and `predict`."""

from typing import Any

import keras
import numpy as np

from unstuck.setups.untouched import untouched
from unstuck.watching.question import LAGS, Question
from unstuck.watching.rows import beside, labels, numbers


def question(model: Any, given: dict[str, Any], result: Any) -> Question | None:
    """What a call asks; None where its inputs are no single array.

    Args:
        given: arguments of `evaluate` or `predict`.
        result: that the call returned; of `predict` the answers.
    """
    x, y = given.get("x"), given.get("y")
    x = numbers(x)
    if x is None or not x.ndim or not len(x):
        return None

    def answer(rows: Any) -> Any:
        with untouched():
            return np.asarray(keras.ops.convert_to_numpy(model(rows, training=False)))

    def renewed(learnt: Any, rows: Any) -> tuple[Any, Any]:
        held = [(v, keras.ops.convert_to_numpy(v)) for v in model.non_trainable_variables]
        moved = [(layer, layer.momentum) for layer in _moving(model)]
        try:
            for layer, _ in moved:
                layer.momentum = 0.0
            with untouched():
                model(learnt, training=True)
            return answer(learnt), answer(rows)
        finally:
            for layer, momentum in moved:
                layer.momentum = momentum
            for variable, value in held:
                variable.assign(value)

    steps = int(keras.ops.convert_to_numpy(model.optimizer.iterations))
    lags = any(layer.momentum**steps > LAGS for layer in _moving(model))
    told = labels(y)
    predicted = isinstance(result, np.ndarray) and len(result) == len(x)
    return Question(
        len(x),
        lambda: x,
        lambda: result if predicted else answer(x),
        lambda: [told] if told is not None else list(beside(x, labels)),
        answer,
        steps,
        renewed=renewed if lags else None,
    )


def _moving(model: Any) -> list[Any]:
    """Layers that keep moving statistics."""
    kind = keras.layers.BatchNormalization
    return [a for a in model._flatten_layers() if isinstance(a, kind) and a.trainable]
