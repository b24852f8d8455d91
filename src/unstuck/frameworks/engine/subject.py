"""The engine's own networks: a `Setup`, its weights drawn from seed 0.

What reaches the network are inputs scaled by the set-up's own scaler, fitted on the sample.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from unstuck.data.dataset import Dataset
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.losses import LOSSES, takes_class_ids
from unstuck.engine.network import Context, Network
from unstuck.engine.optimizers import Optimizer
from unstuck.engine.program import numbers, transformation
from unstuck.engine.setup import Setup
from unstuck.errors import DataError, UsageError
from unstuck.frameworks.engine.recipe import SetupRecipe
from unstuck.frameworks.jax.subject import Forward, JaxSubject, Role, Seen, Update, view_of
from unstuck.scalers import scaler
from unstuck.setups.arrays import sample_of
from unstuck.setups.subject import About, Given, Sample, UpdateRule


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
    n = numbers(model, scaler("none").fit(sample.x[0]), features)
    given_weights = params is not None
    if params is None:
        params, _ = model.network.init(jax.random.key(0), (features,), jnp.dtype(model.dtype))
        params[0]["kernel"] = params[0]["kernel"] * n.initial
    if takes_class_ids(model.loss) and sample.y is not None:
        check_ids(sample.y, params[-1]["bias"].size)
    about = About(
        "engine",
        "jax",
        view_of(model.loss),
        _activations(model.network)[-1],
        rule(model.optimizer),
        given.batch_size or model.batch_size,
        given.shuffle is not False,
    )
    optimizer = transformation(model, n)
    forward = forward_of(model.network, losses_of(model), n.kernel_l2 if model.kernel_l2 else 0.0)
    made = of_network(model.network, params, sample, about, forward, optimizer)
    return replace(made, recipe=SetupRecipe(model, features, params if given_weights else None))


def of_network(
    network: Network,
    params: Any,
    sample: Sample,
    about: About,
    forward: Forward,
    optimizer: optax.GradientTransformation | None,
) -> JaxSubject:
    """The subject of a dense network in the engine's form.

    Args:
        params: a tuple with {"kernel": (d, units), "bias": (units,)} a layer.
        forward: its loss, see `forward_of`.
        optimizer: at its first step; None if there is none that steps.
    """
    names = [f"dense_{i}" if i else "dense" for i in range(len(params))]
    roles = []
    for name, layer in zip(names, params, strict=True):
        for key in sorted(layer):  # the order of a dictionary's leaves in a pytree
            kernel = key == "kernel"
            fan_in = layer[key].shape[0] if kernel else None
            roles.append(Role(f"{name}.{key}", name, fan_in, 1 if kernel else None))
    return JaxSubject(
        replace(about, elements=sum(layer["bias"].size for layer in params)),
        sample,
        params,
        tuple(roles),
        tuple((n, "Dense", a) for n, a in zip(names, _activations(network), strict=True)),
        forward,
        None if optimizer is None else _first_step(optimizer, params),
    )


def forward_of(
    network: Network, losses: Callable[[Array, Array, Array], Array], l2: Array | float = 0.0
) -> Forward:
    """A dense network's mean loss, with a delta added to its logits.

    Args:
        losses: (logits, output, targets) ↦ (n,).
        l2: ½·l2·Σ kernel² is added to the mean.
    """
    *_, last = _activations(network)

    def forward(
        params: Any, x: tuple[Array, ...], y: Array | None, delta: Array | float
    ) -> tuple[Array, Seen]:
        dtype = params[0]["kernel"].dtype
        _, taps, _ = network.apply(params, [()] * len(params), x[0].astype(dtype), Context())
        logits = taps.pre_activations[-1] + delta
        output = ACTIVATIONS[last](logits)
        per_example = losses(logits, output, y)  # type: ignore[arg-type]
        decay = 0.5 * l2 * sum(jnp.sum(jnp.square(p["kernel"])) for p in params)
        return jnp.mean(per_example) + decay, Seen(
            per_example, output, logits, taps.pre_activations
        )

    return forward


def losses_of(setup: Setup) -> Callable[[Array, Array, Array], Array]:
    def losses(logits: Array, output: Array, y: Array) -> Array:
        del logits
        if not takes_class_ids(setup.loss):
            if output.shape[-1] == 1 and y.ndim == 1:
                y = y[:, None]
            elif y.ndim == 1 and jnp.issubdtype(y.dtype, jnp.integer):
                y = jax.nn.one_hot(y, output.shape[-1])
            y = y.astype(output.dtype)
        elif not jnp.issubdtype(y.dtype, jnp.integer):
            y = y.astype(jnp.int32)  # as frameworks do with a class id stored as a fraction
        return LOSSES[setup.loss](output, y)

    return losses


def _first_step(optimizer: optax.GradientTransformation, params: Any) -> Update:
    def update(gradients: Any, params: Any) -> Any:
        return optimizer.update(gradients, optimizer.init(params), params)[0]

    return update


def _activations(network: Network) -> list[str]:
    return [layer.activation for layer in network.layers]  # type: ignore[attr-defined]


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
