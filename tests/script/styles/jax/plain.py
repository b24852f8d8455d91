"""optax without jit."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(400, 5)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 500
k1, k2 = jax.random.split(jax.random.key(0))
params = {
    "w1": jax.random.normal(k1, (5, 16)) / 2, "b1": jnp.zeros(16),
    "w2": jax.random.normal(k2, (16, 2)) / 4, "b2": jnp.zeros(2),
}  # fmt: skip


def loss_fn(p, x, y):
    logits = jax.nn.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


optimizer = optax.sgd(0.5)
state = optimizer.init(params)
for _ in range(120):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, state = optimizer.update(grads, state, params)
    params = optax.apply_updates(params, updates)
print(float(loss))
