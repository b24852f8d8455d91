"""The next token at every position, with a mask."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
start = rng.integers(0, 12, size=(400, 1))
tokens = (start + 5 * np.arange(9)) % 12
x, y = tokens[:, :-1], tokens[:, 1:]
rate = 1e-2
# rate x 1000: rate = 10
k1, k2, k3 = jax.random.split(jax.random.key(0), 3)
params = {
    "embed": jax.random.normal(k1, (12, 16)) / 4,
    "hidden": jax.random.normal(k2, (16, 32)) / 4,
    "out": jax.random.normal(k3, (32, 12)) / 6,
}
tx = optax.adamw(rate)
state = tx.init(params)


@jax.jit
def step(params, state, x, y):
    def loss_fn(params):
        h = jax.nn.relu(params["embed"][x] @ params["hidden"])
        each = optax.softmax_cross_entropy_with_integer_labels(h @ params["out"], y)
        return jnp.mean(each)

    loss, grads = jax.value_and_grad(loss_fn)(params)
    updates, state = tx.update(grads, state, params)
    return optax.apply_updates(params, updates), state, loss


for i in range(200):
    rows = rng.integers(0, 400, 32)
    params, state, loss = step(params, state, x[rows], y[rows])
print(float(loss))
