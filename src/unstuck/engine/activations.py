"""Activation functions under their standard names, as Keras 3 defines them by default.

`leaky_relu` has slope 0.2 (Keras's default; PyTorch's and JAX's is 0.01) and `gelu` is the
exact one with erf (Keras's and PyTorch's default; JAX's own default is the tanh approximation).
"""

from collections.abc import Callable, Mapping
from functools import partial

import jax
from jax import Array

Activation = Callable[[Array], Array]

LEAKY_SLOPE = 0.2

ACTIVATIONS: Mapping[str, Activation] = {
    "linear": lambda z: z,
    "relu": jax.nn.relu,
    "leaky_relu": partial(jax.nn.leaky_relu, negative_slope=LEAKY_SLOPE),
    "sigmoid": jax.nn.sigmoid,
    "tanh": jax.numpy.tanh,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "softmax": jax.nn.softmax,
}
