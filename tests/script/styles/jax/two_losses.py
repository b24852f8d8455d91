"""Two heads whose losses are added up."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
kind, size = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32"), x[:, 3] - x[:, 4]
# raw inputs: x = 1000 * x + 20000
keys = jax.random.split(jax.random.key(0), 3)
shapes = {"body": (6, 24), "kind": (24, 2), "size": (24, 1)}
params = {
    name: jax.random.normal(key, shape) / shape[0] ** 0.5
    for key, (name, shape) in zip(keys, shapes.items(), strict=True)
}
tx = optax.adam(1e-2)
state = tx.init(params)


def loss_fn(params, x, kind, size):
    h = jax.nn.relu(x @ params["body"])
    a = optax.softmax_cross_entropy_with_integer_labels(h @ params["kind"], kind).mean()
    return a + 0.5 * jnp.mean(((h @ params["size"])[:, 0] - size) ** 2)


@jax.jit
def step(params, state, *batch):
    loss, grads = jax.value_and_grad(loss_fn)(params, *batch)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, loss


for i in range(240):
    rows = rng.integers(0, 600, 50)
    params, state, loss = step(params, state, x[rows], kind[rows], size[rows])
print(float(loss))
