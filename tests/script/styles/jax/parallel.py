"""jax.pmap over the devices there are, gradients averaged with pmean."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 5)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
rate = 0.5
# rate x 1000: rate = 500
n = jax.local_device_count()
k1, k2 = jax.random.split(jax.random.key(0))
params = {"w1": jax.random.normal(k1, (5, 16)) / 2, "w2": jax.random.normal(k2, (16, 2)) / 4}
tx = optax.sgd(rate)
state = tx.init(params)
params, state = jax.tree.map(lambda a: jnp.stack([a] * n), (params, state))


def loss_fn(params, x, y):
    logits = jax.nn.relu(x @ params["w1"]) @ params["w2"]
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@functools.partial(jax.pmap, axis_name="devices")
def step(params, state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    grads = jax.lax.pmean(grads, "devices")
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, loss


for i in range(150):
    rows = rng.integers(0, 600, (n, 60))
    params, state, loss = step(params, state, x[rows], y[rows])
print(float(loss.mean()))
