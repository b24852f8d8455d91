"""The engine's own networks: a `Setup`, its weights drawn from seed 0.

What reaches the network are inputs scaled by the set-up's own scaler, fitted on the sample.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from unstuck.data.dataset import Dataset
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.losses import LOSSES, takes_class_ids
from unstuck.engine.network import Layer, Params, first_kernel
from unstuck.engine.optimizers import Optimizer
from unstuck.engine.program import numbers, transformation
from unstuck.engine.setup import Setup
from unstuck.errors import DataError, UsageError
from unstuck.frameworks.engine.forward import activation_of, forward_of, losses_of
from unstuck.frameworks.engine.template import SetupTemplate
from unstuck.frameworks.jax.known_loss import view_of
from unstuck.frameworks.jax.subject import JaxSubject, Slot, Update
from unstuck.scalers import scaler
from unstuck.setups.arrays import sample_of
from unstuck.setups.subject import About, Given, UpdateRule


def subject(model: Setup | tuple[Setup, Any], given: Given) -> JaxSubject:
    """A set-up of the engine.

    Args:
        model: its loss, optimizer, batch size and scaler are used as they are. A pair
            (Setup, parameters in the engine's form) is looked at with these weights.
        given: `x` a Dataset or an array (n, d); `y` class ids (n,) or targets (n, k).

    Raises:
        UsageError: an unknown loss, activation or initialiser, or data that are not (n, d).
    """
    model, params = model if isinstance(model, tuple) else (model, None)
    if not isinstance(model, Setup):
        raise UsageError(f"a pair of {type(model).__name__} and more", "(apply, parameters)")
    _known("loss", model.loss, LOSSES)
    for layer in model.network.layers:
        _known("activation", getattr(layer, "activation", "linear"), ACTIVATIONS)
    if isinstance(given.x, Dataset):
        data = given.x
        given = replace(
            given, x=data.x_train, y=data.y_train, validation_data=(data.x_test, data.y_test)
        )
    sample = sample_of(given)
    if len(sample.x) != 1 or sample.x[0].ndim != 2:
        raise UsageError(
            f"inputs of shape {' and '.join(str(a.shape) for a in sample.x)}",
            "one array (n, d): the engine has dense layers",
        )
    affine = model.scaler.fit(sample.x[0])
    sample = replace(
        sample,
        x=(affine(sample.x[0]),),
        x_validation=None
        if sample.x_validation is None
        else tuple(affine(a) for a in sample.x_validation),
    )
    features = sample.x[0].shape[1]
    dtype = jnp.dtype(model.dtype)
    given_params = params
    params, states = model.network.init(jax.random.key(0), (features,), dtype)
    n = numbers(model, scaler("none").fit(sample.x[0]), features)
    if given_params is not None:
        params = given_params
    else:
        params[first_kernel(params)]["kernel"] *= n.initial
    example = jnp.zeros((1, features), dtype)
    _, taps, _ = jax.eval_shape(model.network.apply, params, states, example)
    units = [z.shape[-1] for z in taps.pre_activations]
    assert sample.y is not None
    if takes_class_ids(model.loss):
        check_ids(sample.y, units[-1])
    layers = model.network.layers
    about = About(
        "engine",
        "jax",
        view_of(model.loss),
        activation_of(layers[-1]),
        rule(model.optimizer),
        given.batch_size or model.batch_size,
        given.shuffle is not False,
        elements=sum(units),
    )
    l2 = n.kernel_l2 if model.kernel_l2 else 0.0
    names = [_name(layers, i) for i in range(len(layers))]
    return JaxSubject(
        about,
        sample,
        params,
        tuple(
            slot for name, layer in zip(names, params, strict=True) for slot in _slots(name, layer)
        ),
        tuple((m, type(x).__name__, activation_of(x)) for m, x in zip(names, layers, strict=True)),
        forward_of(model.network, losses_of(model.loss), l2, states),
        _first_step(transformation(model, n), params),
        SetupTemplate(model, features, sample.y, given_params),
        (units[-1],),
    )


def _name(layers: Sequence[Layer], i: int) -> str:
    """dense, dense_1, …: a kind, and how many of it came before."""
    kind = type(layers[i]).__name__.lower()
    before = sum(type(layer) is type(layers[i]) for layer in layers[:i])
    return f"{kind}_{before}" if before else kind


def _slots(name: str, params: Params) -> Iterator[Slot]:
    """Of one layer's parameters, in the order of a dictionary's leaves in a pytree."""
    for key in sorted(params):
        kernel = key == "kernel"
        fan_in = params[key].shape[0] if kernel else None
        yield Slot(f"{name}.{key}", name, fan_in, 1 if kernel else None)


def _first_step(optimizer: optax.GradientTransformation, params: Any) -> Update:
    def update(gradients: Any, params: Any) -> Any:
        return optimizer.update(gradients, optimizer.init(params), params)[0]

    return update


def rule(optimizer: Optimizer) -> UpdateRule:
    """The engine's optimizer as an update rule."""
    adam = optimizer.name in ("adam", "adamw")
    return UpdateRule(
        optimizer.name,
        optimizer.learning_rate,
        optimizer.momentum,
        optimizer.nesterov,
        optimizer.beta_1 if adam else None,
        optimizer.beta_2 if adam else None,
        optimizer.rho if optimizer.name == "rmsprop" else None,
        None if optimizer.name == "sgd" else optimizer.epsilon,
    )


def _known(what: str, name: str, names: Any) -> None:
    if name not in names:
        raise UsageError(f"unknown {what} {name!r}", f"one of {', '.join(names)}")


def check_ids(y: np.ndarray[Any, Any], outputs: int) -> None:
    """Raises DataError for class ids that no output stands for."""
    if y.ndim == 1 and np.issubdtype(y.dtype, np.integer) and (y.min() < 0 or y.max() >= outputs):
        raise DataError(
            f"labels from {y.min()} to {y.max()} but {outputs} outputs",
            f"labels 0 to {outputs - 1}",
            "count classes from 0, or give the last layer more units",
        )
