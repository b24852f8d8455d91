"""The input is the target."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = (rng.normal(size=(600, 3)) @ rng.normal(size=(3, 12)) / 2).astype("float32")
rate = 1e-2
# rate x 1000: rate = 10
k1, k2 = jax.random.split(jax.random.key(0))
params = {
    "encode": jax.random.normal(k1, (12, 6)) / 4,
    "decode": jax.random.normal(k2, (6, 12)) / 3,
}
tx = optax.adam(rate)
state = tx.init(params)


@jax.jit
def step(params, state, x):
    def loss_fn(params):
        return jnp.mean((jnp.tanh(x @ params["encode"]) @ params["decode"] - x) ** 2)

    loss, grads = jax.value_and_grad(loss_fn)(params)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, loss


for i in range(300):
    params, state, loss = step(params, state, x[rng.integers(0, 600, 50)])
print(float(loss))
