"""Initialisers under their standard names: fan-scaled draws for a dense kernel (fan_in, fan_out).

| name | distribution | source |
|---|---|---|
| glorot_uniform, glorot_normal | variance 2/(fan_in+fan_out) | Glorot & Bengio 2010; Keras |
| glorot_normal_untruncated | Normal(0, sqrt(2/(fan_in+fan_out))) | Glorot & Bengio 2010 |
| he_uniform, he_normal | variance 2/fan_in | He et al. 2015; Keras |
| lecun_uniform, lecun_normal | variance 1/fan_in | LeCun et al. 1998; Keras |
| torch_linear | U(±1/sqrt(fan_in)), kernel and bias | torch.nn.Linear (Kaiming, a=√5) |
| sklearn_glorot | U(±sqrt(6/(fan_in+fan_out))), kernel and bias | sklearn MLP |
| sklearn_glorot_logistic | U(±sqrt(2/(fan_in+fan_out))), kernel and bias | sklearn MLP, logistic |
| random_normal, random_uniform | sd 0.05, U(±0.05) | Keras |
| zeros, ones | constant | |

Keras draws its `*_normal` kernels from a normal truncated at two standard deviations and
rescaled to the stated variance; `jax.nn.initializers` does the same.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import Array
from jax.nn import initializers as jinit

# (key, shape to draw, fans of the kernel, dtype) -> array; a bias is drawn with its kernel's fans.
Initializer = Callable[[Array, tuple[int, ...], tuple[int, int], jnp.dtype], Array]


def _by_variance(scale: float, mode: str, distribution: str) -> Initializer:
    draw = jinit.variance_scaling(scale, mode, distribution)  # type: ignore[arg-type]

    def initializer(
        key: Array, shape: tuple[int, ...], fans: tuple[int, int], dtype: jnp.dtype
    ) -> Array:
        del fans  # variance_scaling reads them off the kernel's shape
        return draw(key, shape, dtype)

    return initializer


def _uniform(limit: Callable[[int, int], float]) -> Initializer:
    def initializer(
        key: Array, shape: tuple[int, ...], fans: tuple[int, int], dtype: jnp.dtype
    ) -> Array:
        bound = limit(*fans)
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return initializer


def _normal(sd: Callable[[int, int], float]) -> Initializer:
    def initializer(
        key: Array, shape: tuple[int, ...], fans: tuple[int, int], dtype: jnp.dtype
    ) -> Array:
        return sd(*fans) * jax.random.normal(key, shape, dtype)

    return initializer


def _constant(value: float) -> Initializer:
    def initializer(
        key: Array, shape: tuple[int, ...], fans: tuple[int, int], dtype: jnp.dtype
    ) -> Array:
        del key, fans
        return jnp.full(shape, value, dtype)

    return initializer


INITIALIZERS: Mapping[str, Initializer] = {
    "glorot_uniform": _by_variance(1.0, "fan_avg", "uniform"),
    "glorot_normal": _by_variance(1.0, "fan_avg", "truncated_normal"),
    "glorot_normal_untruncated": _normal(lambda i, o: (2.0 / (i + o)) ** 0.5),
    "he_uniform": _by_variance(2.0, "fan_in", "uniform"),
    "he_normal": _by_variance(2.0, "fan_in", "truncated_normal"),
    "lecun_uniform": _by_variance(1.0, "fan_in", "uniform"),
    "lecun_normal": _by_variance(1.0, "fan_in", "truncated_normal"),
    "torch_linear": _uniform(lambda i, o: (1.0 / i) ** 0.5),
    "sklearn_glorot": _uniform(lambda i, o: (6.0 / (i + o)) ** 0.5),
    "sklearn_glorot_logistic": _uniform(lambda i, o: (2.0 / (i + o)) ** 0.5),
    "random_normal": _normal(lambda i, o: 0.05),
    "random_uniform": _uniform(lambda i, o: 0.05),
    "zeros": _constant(0.0),
    "ones": _constant(1.0),
}
