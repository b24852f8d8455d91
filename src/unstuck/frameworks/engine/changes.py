"""The changes a trial asks for, made in a set-up of the engine: {part: how}."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.changes.loss import classes_of
from unstuck.changes.output_activation import exclusive
from unstuck.engine import optimizers
from unstuck.engine.losses import LOSSES
from unstuck.engine.network import Dense, Network
from unstuck.engine.setup import Setup
from unstuck.frameworks.jax.changes import of_rest
from unstuck.scalers import scaler
from unstuck.setups.trainer import Refused

PLAIN_UNITS = 64
KERNELS = {"glorot": "glorot_uniform", "he": "he_uniform"}
REDRAWN = frozenset({Part.NETWORK, Part.WIDTH, Part.START})  # their parameters are others


@dataclass
class Changed:
    """A set-up with changes in it.

    Args:
        setup: as changed so far; its inputs are scaled already.
        y: the targets of some examples.
    """

    setup: Setup
    y: NDArray[Any]

    @property
    def layers(self) -> list[Any]:
        """Of its network."""
        return list(self.setup.network.layers)

    def sets(self, **fields: Any) -> None:
        """Sets fields of the set-up."""
        self.setup = replace(self.setup, **fields)

    def network(self, layers: list[Any]) -> None:
        """Gives it other layers."""
        self.sets(network=Network(tuple(layers)))


def changed(setup: Setup, y: NDArray[Any], changes: Combination) -> Setup:
    """The set-up with these changes, but for those of data; its inputs are scaled already.

    Raises:
        Refused: one of them cannot be made.
    """
    done = Changed(replace(setup, scaler=scaler("none")), y)
    wanted = {c.part for c in of_setup(changes)}
    for part in {c.part for c in of_rest(changes)} - set(HOW):
        raise Refused(WHY.get(part, f"the engine has no {part.value.replace('-', ' ')}"))
    for part, how in HOW.items():
        if part in wanted:
            how(done, value(changes, part))
    return done.setup


def _plain(done: Changed, _: Value) -> None:
    hidden = Dense(PLAIN_UNITS, "relu")
    done.network([hidden, hidden, done.layers[-1]])


def _width(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    *hidden, last = done.layers
    if not any(hasattr(layer, "units") for layer in hidden):
        raise Refused("there are no hidden units")
    wider = [
        replace(layer, units=max(1, round(layer.units * factor)))
        if hasattr(layer, "units")
        else layer
        for layer in hidden
    ]
    done.network([*wider, last])


def _activation(done: Changed, name: Value) -> None:
    *hidden, last = done.layers
    if not any(hasattr(layer, "activation") for layer in hidden):
        raise Refused("there are no hidden layers with an activation")
    done.network(
        [
            *(replace(h, activation=name) if hasattr(h, "activation") else h for h in hidden),
            last,
        ]
    )


def _output(done: Changed, name: Value = "linear") -> None:
    *hidden, last = done.layers
    if not hasattr(last, "activation"):
        raise Refused("the last layer has no activation")
    if name == "sigmoid" and (
        last.activation != "softmax" or exclusive(done.y, getattr(last, "units", 1))
    ):
        raise Refused("there is no softmax of labels that do not exclude each other")
    done.network([*hidden, replace(last, activation=name)])


def _start(done: Changed, rule: Value) -> None:
    if rule not in KERNELS:
        raise Refused("the engine draws kernels by fixed rules")
    drawn = {"kernel": KERNELS[str(rule)], "bias": "zeros"}
    layers = done.layers
    done.network(
        [
            replace(layer, **{k: v for k, v in drawn.items() if hasattr(layer, k)})
            for layer in layers
        ]
    )
    done.sets(first_kernel=replace(done.setup.first_kernel, initial=1.0))


def _loss(done: Changed, name: Value) -> None:
    if name == "logits":
        loss = logits_of(done.setup.loss)
        if loss is None:
            raise Refused(f"the loss {done.setup.loss} has no form that takes logits")
    elif name == "mse":
        loss = "mean_squared_error"
    elif name == "unit-a-class":
        loss = "sparse_categorical_crossentropy_logits"
        *hidden, last = done.layers
        if not hasattr(last, "units") or not classes_of(done.y):
            raise Refused("the targets are no class ids, or the last layer has no units")
        done.network([*hidden, replace(last, units=classes_of(done.y))])
    else:
        loss = _crossentropy(done)
    _output(done)
    done.sets(loss=loss)


def logits_of(loss: str) -> str | None:
    """A loss's form that takes logits; None if it has none."""
    if loss.endswith("_logits"):
        return loss
    name = f"{loss.rsplit('_', 1)[0]}_logits"
    return name if name in LOSSES else None


def _crossentropy(done: Changed) -> str:
    y, outputs = done.y, getattr(done.layers[-1], "units", 0)
    if outputs == 1:
        if not np.isin(y, (0, 1)).all():
            raise Refused("one output, and targets other than 0 and 1")
        return "binary_crossentropy_logits"
    if y.ndim == 1 or y.shape[1] == 1:
        if not np.equal(np.mod(y, 1), 0).all():
            raise Refused("the targets are no class ids")
        return "sparse_categorical_crossentropy_logits"
    return "categorical_crossentropy_logits"


def _penalty(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    setup, optimizer = done.setup, done.setup.optimizer
    if not (setup.kernel_l2 or optimizer.l2 or optimizer.weight_decay):
        raise Refused("there is no penalty")
    weaker = replace(
        optimizer, l2=optimizer.l2 * factor, weight_decay=optimizer.weight_decay * factor
    )
    done.sets(kernel_l2=setup.kernel_l2 * factor, optimizer=weaker)


def _optimizer(done: Changed, name: Value) -> None:
    done.sets(optimizer=optimizers.keras(str(name)))


def _rate(done: Changed, factor: Value) -> None:
    optimizer = done.setup.optimizer
    assert isinstance(factor, float | int)
    done.sets(optimizer=replace(optimizer, learning_rate=optimizer.learning_rate * factor))


def _epsilon(done: Changed, epsilon: Value) -> None:
    assert isinstance(epsilon, float)
    if done.setup.optimizer.name == "sgd":
        raise Refused("SGD has no ε")
    done.sets(optimizer=replace(done.setup.optimizer, epsilon=epsilon))


def _batch(done: Changed, size: Value) -> None:
    done.sets(batch_size=size)


# Rate and batches are the loop's in a trial; here they are, so that the set-up tells of them.
HOW: dict[Part, Callable[[Changed, Value], None]] = {
    Part.NETWORK: _plain,
    Part.WIDTH: _width,
    Part.ACTIVATION: _activation,
    Part.OUTPUT: _output,
    Part.START: _start,
    Part.LOSS: _loss,
    Part.PENALTY: _penalty,
    Part.OPTIMIZER: _optimizer,
    Part.RATE: _rate,
    Part.EPSILON: _epsilon,
    Part.BATCH: _batch,
}

WHY = {
    Part.HELD: "everything is trained as it is",
    Part.ZEROING: "the engine computes its gradients anew in each step",
    Part.MODE: "the engine trains in training mode",
    Part.BATCH_AXIS: "the engine's layers take the first axis for the examples",
}
