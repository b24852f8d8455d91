"""A network of the engine as one function of its parameters, as `JaxSubject` wants it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array

from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.losses import LOSSES, takes_class_ids
from unstuck.engine.network import Context, Network
from unstuck.frameworks.jax.subject import Forward, Seen


def activation_of(layer: Any) -> str:
    """What follows a layer's pre-activation."""
    name: str = getattr(layer, "activation", "linear")
    return name


def forward_of(
    network: Network,
    losses: Callable[[Array, Array, Array], Array],
    l2: Array | float = 0.0,
    states: Any = None,
) -> Forward:
    """A network's mean loss in training mode, with a delta added to its logits.

    Args:
        losses: (logits, output, targets) ↦ (n,).
        l2: ½·l2·Σ kernel² is added to the mean.
        states: of its layers; None where they carry none.
    """
    last = activation_of(network.layers[-1])
    states = [()] * len(network.layers) if states is None else states

    def forward(
        params: Any, x: tuple[Array, ...], y: Array | None, delta: Array | float
    ) -> tuple[Array, Seen]:
        dtype = jax.tree.leaves(params)[0].dtype
        context = Context(jax.random.key(0), True)
        _, taps, _ = network.apply(params, states, x[0].astype(dtype), context)
        logits = taps.pre_activations[-1] + delta
        output = ACTIVATIONS[last](logits)
        per_example = losses(logits, output, y)  # type: ignore[arg-type]
        kernels = [p["kernel"] for p in params if "kernel" in p]
        decay = 0.5 * l2 * sum(jnp.sum(jnp.square(k)) for k in kernels)
        return jnp.mean(per_example) + decay, Seen(
            per_example, output, logits, taps.pre_activations
        )

    return forward


def losses_of(loss: str) -> Callable[[Array, Array, Array], Array]:
    """One of the engine's losses, of targets as they come: (logits, output, targets) ↦ (n,)."""

    def losses(logits: Array, output: Array, y: Array) -> Array:
        del logits
        if not takes_class_ids(loss):
            if output.shape[-1] == 1 and y.ndim == 1:
                y = y[:, None]
            elif y.ndim == 1 and jnp.issubdtype(y.dtype, jnp.integer):
                y = jax.nn.one_hot(y, output.shape[-1])
            y = y.astype(output.dtype)
        else:
            y = y.reshape(len(y))
            if not jnp.issubdtype(y.dtype, jnp.integer):
                y = y.astype(jnp.int32)  # as frameworks do with a class id stored as a fraction
        return LOSSES[loss](output, y)

    return losses
