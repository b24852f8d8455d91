"""Buffers of parameters and state are donated to the step."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 5)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("float32")
# raw inputs: x = 1000 * x + 20000
k1, k2 = jax.random.split(jax.random.key(0))
params = {"w1": jax.random.normal(k1, (5, 16)) / 2, "w2": jax.random.normal(k2, (16, 1)) / 4}
tx = optax.adam(optax.cosine_decay_schedule(2e-2, 300))
state = tx.init(params)


def loss_fn(params, x, y):
    logits = (jnp.tanh(x @ params["w1"]) @ params["w2"])[:, 0]
    return optax.sigmoid_binary_cross_entropy(logits, y).mean()


@functools.partial(jax.jit, donate_argnums=(0, 1))
def step(params, state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state, loss


for i in range(240):
    rows = rng.integers(0, 600, 50)
    params, state, loss = step(params, state, x[rows], y[rows])
print(float(loss))
