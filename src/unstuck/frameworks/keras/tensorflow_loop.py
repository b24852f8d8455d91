"""A compiled loop for trials of a Keras set-up on the TensorFlow backend.

`fit` calls a program a step there, which takes a hundred times as long as the step of a small
network. Here many steps are one program, in which Keras's own loss and optimizer do what they do
in `fit`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from unstuck.engine.loop import CHUNK, Trained, chunked
from unstuck.frameworks.keras.changes import Plan
from unstuck.frameworks.keras.copies import Copy
from unstuck.setups.compiled import Untranslatable
from unstuck.setups.order import factors


@dataclass(eq=False)
class GraphLoop:
    """See `compiled.Loop`; steps are taken in the copy's own variables.

    Args:
        trained: its variables that the optimizer steps.
        random: whether a step draws numbers.
        steps: the program: (data, rows, rates, count) -> losses of `CHUNK` steps.
    """

    trained: list[Any]
    random: bool
    steps: Callable[..., Any]

    def train(
        self,
        plan: Plan,
        data: Sequence[NDArray[Any]],
        rows: NDArray[np.int64],
        seed: int,
        until: float = float("inf"),
        looks: Sequence[int] = (),
        look: Callable[[int], None] = lambda step: None,
    ) -> Trained:
        """See `compiled.Loop`; numbers are drawn by the copy's own generators."""
        del seed
        arrays = tuple(tf.convert_to_tensor(a) for a in data)
        rates = np.zeros(len(rows), np.float32)
        if not plan.scheduled:
            rates = factors(plan.routine, len(rows), plan.rate)
        losses, seconds = chunked(
            lambda part, count: self.steps(arrays, *part, count), (rows, rates), until, looks, look
        )
        return Trained((), (), losses, seconds)


def graph_loop(copy: Copy, plan: Plan, pack: Callable[[Any], Any]) -> GraphLoop:
    """The loop for a copy, not yet tested.

    Args:
        pack: inputs as the model takes them.

    Raises:
        Untranslatable: it has none.
    """
    model = copy.model
    if plan.routine.weights or model.run_eagerly:
        raise Untranslatable("weights of classes, or a model that is run eagerly")
    optimizer = model.optimizer
    trained = list(model.trainable_variables)
    rate = None if plan.scheduled else optimizer._learning_rate

    def step(data: Any, rows: Any, factor: Any) -> Any:
        *x, y = (tf.gather(a, rows) for a in data)
        if rate is not None:
            rate.assign(factor)
        packed = pack(tuple(x))
        with tf.GradientTape() as tape:
            output = model(packed, training=True)
            loss = model.compute_loss(x=packed, y=y, y_pred=output, training=True)
            scaled = optimizer.scale_loss(loss)
        found = tape.gradient(scaled, [v.value for v in trained])
        optimizer.apply(found, trained)
        return tf.cast(loss, tf.float32)

    def steps(data: Any, rows: Any, rates: Any, count: Any) -> Any:
        losses = tf.TensorArray(tf.float32, CHUNK, clear_after_read=False)

        def body(i: Any, losses: Any) -> Any:
            return i + 1, losses.write(i, step(data, rows[i], rates[i]))

        _, losses = tf.while_loop(lambda i, _: i < count, body, (0, losses))
        return losses.stack()

    program = tf.function(steps, autograph=False, jit_compile=True, reduce_retracing=True)

    def called(data: Any, rows: Any, rates: Any, count: int) -> Any:
        return program(data, *map(tf.constant, (rows, rates, np.int32(count))))

    random = any(layer._seed_generators for layer in model._flatten_layers())
    return GraphLoop(trained, random, called)
