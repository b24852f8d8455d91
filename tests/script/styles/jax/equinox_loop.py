"""Equinox."""

import equinox as eqx
import jax
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
model = eqx.nn.MLP(6, 2, 16, 1, key=jax.random.key(0))
optim = optax.adam(1e-2)
state = optim.init(eqx.filter(model, eqx.is_array))


def loss_fn(model, x, y):
    logits = jax.vmap(model)(x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


@eqx.filter_jit
def make_step(model, state, x, y):
    loss, grads = eqx.filter_value_and_grad(loss_fn)(model, x, y)
    updates, state = optim.update(grads, state, eqx.filter(model, eqx.is_array))
    return eqx.apply_updates(model, updates), state, loss


for i in range(240):
    rows = rng.integers(0, 600, 50)
    model, state, loss = make_step(model, state, x[rows], y[rows])
print(float(loss))
