"""Networks as data: a tuple of layers, each a frozen record that can draw and apply itself.

A layer obeys one protocol, so that convolution, normalization and dropout can join without a
change to the loop: `init` draws its parameters (trained) and its state (carried, not trained,
as BatchNorm's moving statistics are); `apply` maps a batch to (pre-activation, output, state).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from jax import Array

from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.initializers import INITIALIZERS
from unstuck.errors import UsageError

Params = dict[str, Array]
State = Any  # a pytree; () for layers that carry nothing


class Context(NamedTuple):
    """What a layer may need beside its input: randomness, and whether this is training."""

    key: Array | None = None
    training: bool = False


class Layer(Protocol):
    """One layer: draws its parameters, maps a batch."""

    def init(
        self, key: Array, input_shape: tuple[int, ...], dtype: jnp.dtype
    ) -> tuple[Params, State, tuple[int, ...]]:
        """Parameters, state and output shape for one example of `input_shape`."""
        ...

    def apply(
        self, params: Params, state: State, x: Array, context: Context
    ) -> tuple[Array, Array, State]:
        """Pre-activation, output (both (batch, *output_shape)) and the next state."""
        ...


@dataclass(frozen=True)
class Dense:
    """y = activation(x @ kernel + bias); kernel (inputs, units), bias (units,).

    Keras's defaults: Glorot-uniform kernel, zero bias.
    """

    units: int
    activation: str = "linear"
    kernel: str = "glorot_uniform"
    bias: str = "zeros"

    def init(
        self, key: Array, input_shape: tuple[int, ...], dtype: jnp.dtype
    ) -> tuple[Params, State, tuple[int, ...]]:
        (inputs,) = input_shape
        fans = (inputs, self.units)
        kernel_key, bias_key = jax.random.split(key)
        params = {
            "kernel": INITIALIZERS[self.kernel](kernel_key, fans, fans, dtype),
            "bias": INITIALIZERS[self.bias](bias_key, (self.units,), fans, dtype),
        }
        return params, (), (self.units,)

    def apply(
        self, params: Params, state: State, x: Array, context: Context
    ) -> tuple[Array, Array, State]:
        del context
        z = x @ params["kernel"] + params["bias"]  # (batch, units)
        return z, ACTIVATIONS[self.activation](z), state


def first_kernel(params: Sequence[Params]) -> int:
    """Which layer holds the first kernel: layers without one may stand in front of it.

    Raises:
        UsageError: no layer has one.
    """
    for i, layer in enumerate(params):
        if "kernel" in layer:
            return i
    raise UsageError("a network without a kernel", "at least one layer with a kernel")


class Taps(NamedTuple):
    """What went through the network: one entry a layer, (batch, units) each."""

    pre_activations: tuple[Any, ...]
    activations: tuple[Any, ...]


@dataclass(frozen=True)
class Network:
    """Layers in order; parameters are a tuple with one dictionary a layer."""

    layers: tuple[Layer, ...]

    def init(
        self, key: Array, input_shape: tuple[int, ...], dtype: jnp.dtype
    ) -> tuple[tuple[Params, ...], tuple[State, ...]]:
        """Draws every layer's parameters and state from one key."""
        params, states, shape = [], [], input_shape
        for layer, layer_key in zip(
            self.layers, jax.random.split(key, len(self.layers)), strict=True
        ):
            layer_params, state, shape = layer.init(layer_key, shape, dtype)
            params.append(layer_params)
            states.append(state)
        return tuple(params), tuple(states)

    def apply(
        self,
        params: Sequence[Params],
        states: Sequence[State],
        x: Array,
        context: Context = Context(),  # noqa: B008 (an immutable tuple)
    ) -> tuple[Array, Taps, tuple[State, ...]]:
        """Output of the last layer, what every layer saw, and the next states."""
        zs, ys, next_states = [], [], []
        for layer, layer_params, state in zip(self.layers, params, states, strict=True):
            z, x, state = layer.apply(layer_params, state, x, context)
            zs.append(z)
            ys.append(x)
            next_states.append(state)
        return x, Taps(tuple(zs), tuple(ys)), tuple(next_states)


def mlp(
    hidden: Sequence[int],
    outputs: int,
    activation: str = "relu",
    output: str = "softmax",
    kernel: str = "glorot_uniform",
    bias: str = "zeros",
    first_kernel: str | None = None,
) -> Network:
    """A multi-layer perceptron: dense hidden layers of the same activation, a dense output."""
    units = [*hidden, outputs]
    return Network(
        tuple(
            Dense(
                width,
                activation if i < len(hidden) else output,
                first_kernel if i == 0 and first_kernel else kernel,
                bias,
            )
            for i, width in enumerate(units)
        )
    )
