"""Differentiation of a Keras model on the TensorFlow backend.

In a graph, as `fit` runs it: there the loss may be computed from the logits although it is given
probabilities. Eagerly only where the model is compiled so.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from unstuck.frameworks.keras.network import Look, Network
from unstuck.frameworks.keras.optimizer import Step
from unstuck.frameworks.keras.tensors import tensor, tensors
from unstuck.setups.subject import Floats


class Backend:
    """Graphs of one network, each traced once per shape of the data."""

    def __init__(self, network: Network, step: Step | None) -> None:
        self.network, self.step = network, step

    def inspect(self, x: Any) -> None:
        """Finds the layers, on two examples."""
        self.forward([a[:2] for a in x])

    def forward(self, x: Any) -> dict[str, Any]:
        """What is seen without a loss."""
        return self.network.run(self._values(), None, tensors(x), None, with_loss=False)[1]

    def look(self, x: Any, y: Any) -> Look:
        """The loss, what was seen, gradients, and the same after one step."""
        x, y = tensors(x), tensor(y)
        values = self._values()
        result = self._look(values, x, y)
        if self.step is not None:
            held, gradients = self.network.held, result["gradients"]
            new = self.step.eager([gradients[i] for i in held], [values[i] for i in held])
            after = list(values)
            for i, value in zip(held, new, strict=True):
                after[i] = tf.convert_to_tensor(value)
            later = self._look(after, x, y)["seen"]
            result |= {"after": after, "loss_after": later["loss"]}
            result |= {"output_after": later["output"]}
        return Look(**keras.tree.map_structure(_array, result))

    def gradient(self, x: Any, y: Any) -> Floats:
        """Flat, over the held parameters."""
        flat: Floats = _array(self._gradient(self._values(), tensors(x), tensor(y)))
        return flat

    def hessian_product(self, x: Any, y: Any) -> Callable[[Floats], Floats]:
        """v ↦ Hessian times v, a gradient of a gradient."""
        values, x, y = self._values(), tensors(x), tensor(y)
        return lambda v: _array(self._product(values, x, y, tf.constant(np.asarray(v, np.float32))))

    def _values(self) -> list[Any]:
        return [tf.convert_to_tensor(v.value) for v in self.network.variables]

    def _graph(self, function: Callable[..., Any]) -> Any:
        if self.network.model.run_eagerly:
            return function
        return tf.function(function, autograph=False)

    @cached_property
    def _look(self) -> Any:
        network = self.network

        def look(values: Any, x: Any, y: Any) -> Any:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                loss, seen = network.run(values, None, x, y)
                logits = seen.pop("logits_tensor")
            *gradients, at_logits = _slopes(tape, loss, [*values, logits])
            gradients = [None if g is None else g / network.scale for g in gradients]
            return {"seen": seen, "gradients": gradients, "at_logits": at_logits}

        return self._graph(look)

    @cached_property
    def _gradient(self) -> Any:
        return self._graph(lambda values, x, y: self._flat_gradient(values, x, y))

    @cached_property
    def _product(self) -> Any:
        def product(values: Any, x: Any, y: Any, v: Any) -> Any:
            held = [values[i] for i in self.network.held]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                gradient = self._flat_gradient(values, x, y)
                along = tf.tensordot(gradient, v, 1)
            return _flat(_slopes(tape, along, held), held)

        return self._graph(product)

    def _flat_gradient(self, values: Any, x: Any, y: Any) -> Any:
        held = [values[i] for i in self.network.held]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss, _ = self.network.run(values, None, x, y, watch=False)
        return _flat(_slopes(tape, loss, held), held) / self.network.scale


def _slopes(tape: Any, loss: Any, of: list[Any]) -> list[Any]:
    """Gradients; None where the loss does not depend on it."""
    wanted = [t for t in of if t is not None]
    found = iter(tape.gradient(loss, wanted))
    slopes = [None if t is None else next(found) for t in of]
    return [None if s is None else tf.convert_to_tensor(s) for s in slopes]


def _flat(parts: Any, like: list[Any]) -> Any:
    return tf.concat(
        [
            tf.reshape(tf.cast(tf.zeros_like(t) if p is None else p, tf.float32), [-1])
            for p, t in zip(parts, like, strict=True)
        ],
        0,
    )


def _array(value: Any) -> Any:
    return value.numpy() if tf.is_tensor(value) else value
