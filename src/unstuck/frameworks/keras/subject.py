"""A Keras model, its loss, optimizer and data behind the protocol; see `keras`."""

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError
from unstuck.frameworks.keras import loss as keras_loss
from unstuck.frameworks.keras import optimizer as keras_optimizer
from unstuck.frameworks.keras.activations import kind_of, recognised
from unstuck.frameworks.keras.build import FRESH, built
from unstuck.frameworks.keras.data import check_ids, read
from unstuck.frameworks.keras.layers import visible
from unstuck.frameworks.keras.network import Network, explained, names_kept
from unstuck.setups.routine import Routine
from unstuck.setups.subject import (
    About,
    Floats,
    Given,
    Inputs,
    Layer,
    Moving,
    Observation,
    Parameter,
)
from unstuck.setups.trainer import Trainer

if TYPE_CHECKING:
    from unstuck.frameworks.keras.copies import Copies

# Kernels: the axis along which units are counted.
_UNIT_AXIS = {"Dense": "-1", "BaseConv": "-1", "BaseConvTranspose": "-2"}


class KerasSubject:
    """A Keras training set-up, looked at through pure functions of its variables."""

    def __init__(self, model: Any, given: Given) -> None:
        with names_kept():
            loss = keras_loss.compile_loss(model, given)
            optimizer = keras_optimizer.optimizer_of(model, given)
            data = read(given, model)
            self._inputs, self._pack = data.dtypes, data.pack
            self.loaded, self.arrays = data.kind, isinstance(given.x, np.ndarray)
            self._user, self._optimizer, self._given_loss = model, optimizer, given.loss
            check_ids(data)
            few = self._cast(tuple(a[:1] for a in data.sample.x))
            with explained(data.sample.x, None):
                self._model = built(model, data.pack(few))
            limits = [*data.limits, *_limits(model, self._model)]

            weights = {
                id(v) for layer in self._model._flatten_layers() for v in layer._trainable_variables
            }
            self._weights = [v for v in self._model.weights if id(v) in weights]
            trained = {id(v) for v in self._model.trainable_variables}
            inner = None if optimizer is None else keras_optimizer.inner(optimizer)
            rate = None if inner is None else keras_optimizer.rate_of(inner)
            limits += () if rate is None else rate.limits()
            is_held = keras_optimizer.holds(inner if model is self._model else None)
            self._trained = [id(v) in trained for v in self._weights]
            self._held = [is_held(v) for v in self._weights]
            variables = [v for v, yes in zip(self._weights, self._trained, strict=True) if yes]
            held = [i for i, v in enumerate(variables) if is_held(v)]

            self._network = Network(
                self._model,
                loss,
                variables,
                held,
                data.pack,
                keras_optimizer.scale_of(optimizer),
            )
            step = None
            if rate is not None and held:
                with explained(data.sample.x, data.sample.y):
                    step = keras_optimizer.Step(inner, [variables[i] for i in held], rate.used)
            backend = keras.backend.backend()
            files = import_module(f"unstuck.frameworks.keras.{backend}")
            self._backend = files.Backend(self._network, step)
            self._names = _names(self._model)

            self.sample = data.sample
            activation = self._inspected(data.sample.x, data.sample.y)
            self.about = About(
                "keras",
                backend,
                self._view,
                activation,
                None if rate is None else keras_optimizer.rule_of(inner, rate),
                data.batch_size,
                data.shuffled,
                self._network.elements,
                tuple(limits),
            )

    def observe(self, x: Inputs, y: NDArray[Any] | None) -> Observation:
        """See the protocol."""
        with explained(x, y), names_kept():
            look = self._backend.look(self._cast(x), target(y))
        seen, output = look.seen, look.seen["output"]
        at_logits = None
        if look.at_logits is not None:
            at_logits = np.asarray(look.at_logits, np.float32).reshape(seen["logits"].shape)
            at_logits = at_logits * (len(x[0]) / self._network.scale)
        return Observation(
            self._layers(seen["layers"]),
            self._parameters(look.gradients, look.after),
            output,
            seen["logits"],
            at_logits,
            float(seen["loss"]),
            seen["losses"],
            look.output_after,
            None if look.loss_after is None else float(look.loss_after),
            self._network.output_trail,
            moving=_moving(self._model),
        )

    def gradient(self, x: Inputs, y: NDArray[Any] | None) -> Floats:
        """See the protocol."""
        with explained(x, y):
            flat: Floats = self._backend.gradient(self._cast(x), target(y))
        return flat

    def hessian_product(
        self, x: Inputs, y: NDArray[Any] | None
    ) -> Callable[[Floats], Floats] | None:
        """See the protocol."""
        size = sum(int(np.prod(self._network.variables[i].shape)) for i in self._network.held)
        try:  # the first product traces or compiles, and shows whether it can be done
            product: Callable[[Floats], Floats] = self._backend.hessian_product(
                self._cast(x), target(y)
            )
            product(np.zeros(size, np.float32))
        except Exception:  # whatever a backend says of an operation without second derivative
            return None
        return product

    def trainer(self) -> Trainer:
        """Trains copies of the set-up; see `unstuck.setups.trainer`."""
        from unstuck.frameworks.keras.training import KerasTrainer

        return KerasTrainer(self)

    @cached_property
    def copies(self) -> "Copies":
        """Makes copies of the model, with changes in them."""
        from unstuck.frameworks.keras.copies import Copies

        return Copies(self)

    def with_routine(self, routine: Routine) -> "KerasSubject":
        """See the protocol."""
        other = copy(self)
        other.about = replace(self.about, routine=routine)
        return other

    def _inspected(self, x: Inputs, y: NDArray[Any] | None) -> str:
        """Finds the layers, checks the targets against the outputs; the output's activation."""
        network = self._network
        with explained(x, y):
            self._backend.inspect(self._cast(x))
        self._view, loss = keras_loss.view_of(None), network.loss
        if loss is not None and y is not None:
            output = np.zeros((min(len(y), 2), *network.output_trail), np.float32)
            with explained(x, y):
                loss.build(y[:2], output)
            self._view = keras_loss.view_of(loss._flat_losses[0].loss)
            keras_loss.check_targets(self._view, y, network.output_trail)
        elif loss is not None and y is None:
            raise DataError(
                "there are no targets, and the loss needs them",
                "diagnose(model, x, y), or a data set that yields pairs (x, y)",
            )
        entry = network.at_logits
        if entry is None:
            return "unknown"
        if entry.activation is not None:
            return entry.activation
        with explained(x, y):
            seen = self._backend.forward(self._cast(tuple(a[:32] for a in x)))
        logits, output = (keras.ops.convert_to_numpy(seen[k]) for k in ("logits", "output"))
        return recognised(logits, output)

    def _layers(self, tensors: Sequence[Any]) -> tuple[Layer, ...]:
        layers, calls = [], dict[str, int]()
        for entry, (before, after) in zip(self._network.entries, tensors, strict=True):
            name = self._names.get(id(entry.layer), entry.layer.name)
            calls[name] = calls.get(name, 0) + 1
            if calls[name] > 1:
                name = f"{name} (call {calls[name]})"
            activation = entry.activation
            if activation is None:
                activation = (
                    "unknown" if before is None or after is None else recognised(before, after)
                )
            layers.append(Layer(name, type(entry.layer).__name__, activation, before, entry.unseen))
        return tuple(layers)

    def _parameters(
        self, gradients: Sequence[Any], after: Sequence[Any] | None
    ) -> tuple[Parameter, ...]:
        owners = _owners(self._model)
        of = {id(v): i for i, v in enumerate(self._network.variables)}
        parameters = []
        for variable, trained, is_held in zip(
            self._weights, self._trained, self._held, strict=True
        ):
            layer, top = owners[id(variable)]
            value = np.asarray(keras.ops.convert_to_numpy(variable.value), np.float32)
            gradient = update = None
            if trained:
                gradient = gradients[of[id(variable)]]
                gradient = None if gradient is None else np.asarray(gradient, np.float32)
                if after is not None and is_held:
                    update = np.asarray(after[of[id(variable)]], np.float32) - value
            axis = kind_of(layer, _UNIT_AXIS) if variable.name == "kernel" else None
            parameters.append(
                Parameter(
                    variable.path,
                    self._names.get(id(top), top.name),
                    value,
                    gradient,
                    update,
                    trained,
                    is_held,
                    None if axis is None else value.size // value.shape[int(axis)],
                    None if axis is None else value.ndim + int(axis),
                )
            )
        return tuple(parameters)

    def _cast(self, x: Inputs) -> Inputs:
        """Inputs as `fit` and a functional model's entrance turn them: no new shape of function
        is compiled for another dtype of the same numbers."""
        cast = []
        for array, dtype in zip(x, self._inputs, strict=True):
            if dtype is None and array.dtype.kind == "f":
                dtype = keras.config.floatx()
            cast.append(array if dtype is None else array.astype(dtype, copy=False))
        return tuple(cast)


def target(y: NDArray[Any] | None) -> NDArray[Any] | None:
    """Targets as `fit` turns them."""
    if y is None or y.dtype.kind != "f":
        return y
    return y.astype(keras.config.floatx(), copy=False)


def _moving(model: Any) -> tuple[Moving, ...]:
    """Of batch normalization, and what `Normalization` was adapted to or given."""
    found = []
    for layer in model._flatten_layers():
        for mean, variance in (("moving_mean", "moving_variance"), ("mean", "variance")):
            held = [getattr(layer, name, None) for name in (mean, variance)]
            if _is_normalization(layer) and all(v is not None for v in held):
                center, spread = (
                    np.asarray(keras.ops.convert_to_numpy(v), np.float32) for v in held
                )
                found.append(Moving(layer.name, center, spread, getattr(layer, "momentum", None)))
    return tuple(found)


def _is_normalization(layer: Any) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization | keras.layers.Normalization)


def _names(model: Any) -> dict[int, str]:
    """A name of its own for each layer."""
    names, taken = dict[int, str](), set[str]()
    for layer in visible(model):
        name, count = layer.name, 2
        while name in taken:
            name, count = f"{layer.name} ({count})", count + 1
        taken.add(name)
        names[id(layer)] = name
    return names


def _owners(model: Any) -> dict[int, tuple[Any, Any]]:
    """Variable -> its layer, and the layer that is looked at as a whole."""
    owners: dict[int, tuple[Any, Any]] = {}
    for top in (*visible(model), *model._flatten_layers()):
        for layer in top._flatten_layers() if top in visible(model) else [top]:
            for variable in layer._trainable_variables:
                owners.setdefault(id(variable), (layer, top))
    return owners


def _limits(model: Any, looked_at: Any) -> list[str]:
    limits = []
    if looked_at is not model:
        limits.append(FRESH)
    if type(model).train_step is not keras.Model.train_step:
        limits.append(
            "the model has a train_step of its own, which is not followed: the loss is the"
            " compiled one"
        )
    return limits
