"""ATen operations in JAX that draw numbers, or whose numbers nobody reads."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from unstuck.frameworks.torch.aten import dtype_of

# These draw numbers: each is given a key of its own before its arguments.
RANDOM: dict[str, Callable[..., Any]] = {
    "bernoulli": lambda key, a, p=None, **_: jax.random.bernoulli(
        key, a if p is None else p, a.shape
    ).astype(a.dtype),
    "rand": lambda key, shape, dtype=None, **_: jax.random.uniform(key, tuple(shape)),
    "rand_like": lambda key, a, **_: jax.random.uniform(key, a.shape, a.dtype),
    "randn": lambda key, shape, dtype=None, **_: jax.random.normal(key, tuple(shape)),
    "randn_like": lambda key, a, **_: jax.random.normal(key, a.shape, a.dtype),
}

# What these hold is written over before it is read.
EMPTY: dict[str, Callable[..., Any]] = {
    "empty": lambda shape, dtype=None, **_: jnp.zeros(tuple(shape), dtype_of(dtype)),
    "empty_like": lambda a, dtype=None, **_: jnp.zeros(a.shape, dtype_of(dtype) or a.dtype),
    "empty_permuted": lambda shape, order, dtype=None, **_: jnp.zeros(
        tuple(shape), dtype_of(dtype)
    ),
}
