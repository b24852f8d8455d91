"""Losses with their numerics: the same formula computed differently trains differently.

Every loss maps (output (n, k), target) to one value per example (n,). `output` is what the
network's last layer returns: probabilities for the `_clipped` variants, logits for `_logits`.

`_clipped` is cross-entropy on probabilities as Keras 3 computes it on its JAX and PyTorch
backends (`keras.ops.categorical_crossentropy`): probabilities are clipped to [ε, 1 − ε] with
ε = 1e-7, and a clipped entry passes *exactly zero gradient*. An example whose true class got
less than ε adds −ln ε = 16.118 to the loss and nothing to the gradient: that is the plateau
networks freeze on. `_logits` is the same quantity computed by log-softmax, which never
vanishes while the answer is wrong. (Keras's TensorFlow backend finds the logits behind a
softmax and uses them, so there the `_logits` numerics apply even to probabilities.)
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import Array

Loss = Callable[[Array, Array], Array]

EPSILON = 1e-7  # keras.config.epsilon()


def _clip(p: Array) -> Array:
    # Bounds in the dtype of p: in float32, 1 − 1e-7 rounds to 1 − 1.19e-7, as in Keras.
    return jnp.clip(p, EPSILON, 1.0 - EPSILON)


def _one_hot(labels: Array, like: Array) -> Array:
    return jax.nn.one_hot(labels, like.shape[-1], dtype=like.dtype)


def categorical_crossentropy_clipped(output: Array, target: Array) -> Array:
    """−Σ t ln clip(p / Σp); target (n, k) one-hot or probabilities."""
    p = output / jnp.sum(output, axis=-1, keepdims=True)
    return -jnp.sum(target * jnp.log(_clip(p)), axis=-1)


def categorical_crossentropy_logits(output: Array, target: Array) -> Array:
    """−Σ t log_softmax(z); target (n, k) one-hot or probabilities."""
    return -jnp.sum(target * jax.nn.log_softmax(output), axis=-1)


def sparse_categorical_crossentropy_clipped(output: Array, target: Array) -> Array:
    """As the categorical one, with class ids as target (n,)."""
    return categorical_crossentropy_clipped(output, _one_hot(target, output))


def sparse_categorical_crossentropy_logits(output: Array, target: Array) -> Array:
    """As the categorical one, with class ids as target (n,)."""
    return categorical_crossentropy_logits(output, _one_hot(target, output))


def binary_crossentropy_clipped(output: Array, target: Array) -> Array:
    """Mean over outputs of −t ln p − (1−t) ln(1−p), p clipped; target (n, k) in [0, 1]."""
    p = _clip(output)
    return jnp.mean(-target * jnp.log(p) - (1.0 - target) * jnp.log(1.0 - p), axis=-1)


def binary_crossentropy_logits(output: Array, target: Array) -> Array:
    """The same from logits: −t ln σ(z) − (1−t) ln σ(−z); target (n, k) in [0, 1]."""
    # Not max(z, 0) − z t + ln(1 + exp(−|z|)): JAX has d|z|/dz = 1 at 0, and so, for the logit of
    # exactly 0 that dead units and zero biases give, a gradient of −t where σ(0) − t is right.
    log_p, log_q = jax.nn.log_sigmoid(output), jax.nn.log_sigmoid(-output)
    return jnp.mean(-target * log_p - (1.0 - target) * log_q, axis=-1)


def mean_squared_error(output: Array, target: Array) -> Array:
    """Mean over outputs of (y − t)²."""
    return jnp.mean(jnp.square(output - target), axis=-1)


def mean_absolute_error(output: Array, target: Array) -> Array:
    """Mean over outputs of |y − t|, with gradient 0 where y = t (as PyTorch and TensorFlow)."""
    error = output - target
    return jnp.mean(error * jax.lax.stop_gradient(jnp.sign(error)), axis=-1)


def huber(output: Array, target: Array) -> Array:
    """Mean over outputs of Huber's loss with δ = 1 (Huber 1964; Keras's and PyTorch's default)."""
    error = jnp.abs(output - target)
    return jnp.mean(jnp.where(error <= 1.0, 0.5 * jnp.square(error), error - 0.5), axis=-1)


LOSSES: Mapping[str, Loss] = {
    loss.__name__: loss
    for loss in (
        categorical_crossentropy_clipped,
        categorical_crossentropy_logits,
        sparse_categorical_crossentropy_clipped,
        sparse_categorical_crossentropy_logits,
        binary_crossentropy_clipped,
        binary_crossentropy_logits,
        mean_squared_error,
        mean_absolute_error,
        huber,
    )
}


def takes_class_ids(loss: str) -> bool:
    """Whether the loss wants class ids (n,) rather than one-hot targets (n, k)."""
    return loss.startswith("sparse_")
