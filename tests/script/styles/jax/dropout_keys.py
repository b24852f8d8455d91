"""Dropout with a key split off at every step."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
k1, k2, key = jax.random.split(jax.random.key(0), 3)
params = {"w1": jax.random.normal(k1, (6, 32)) / 2.5, "w2": jax.random.normal(k2, (32, 2)) / 6}
tx = optax.adam(1e-2)
state = tx.init(params)


def loss_fn(params, x, y, key):
    h = jax.nn.relu(x @ params["w1"])
    h = h * jax.random.bernoulli(key, 0.9, h.shape) / 0.9
    return optax.softmax_cross_entropy_with_integer_labels(h @ params["w2"], y).mean()


@jax.jit
def step(params, state, x, y, key):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y, key)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, loss


for i in range(240):
    key, one = jax.random.split(key)
    rows = rng.integers(0, 600, 50)
    params, state, loss = step(params, state, x[rows], y[rows], one)
print(float(loss))
