"""A jitted step over batches, with optax."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
k1, k2 = jax.random.split(jax.random.key(0))
params = [
    (jax.random.normal(k1, (4, 32)) / 2, jnp.zeros(32)),
    (jax.random.normal(k2, (32, 1)) / 6, jnp.zeros(1)),
]
tx = optax.adam(1e-2)
opt_state = tx.init(params)


def loss_fn(params, x, y):
    (w1, b1), (w2, b2) = params
    return jnp.mean((jnp.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


@jax.jit
def train_step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, loss


for epoch in range(20):
    for rows in np.split(rng.permutation(600), 12):
        params, opt_state, loss = train_step(params, opt_state, x[rows], y[rows])
print(float(loss))
