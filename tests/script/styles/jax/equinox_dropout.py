"""Equinox with dropout: a key an example."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax


class Net(eqx.Module):
    hidden: eqx.nn.Linear
    drop: eqx.nn.Dropout
    out: eqx.nn.Linear

    def __init__(self, key):
        a, b = jax.random.split(key)
        self.hidden, self.out = eqx.nn.Linear(4, 64, key=a), eqx.nn.Linear(64, 1, key=b)
        self.drop = eqx.nn.Dropout(0.05)

    def __call__(self, x, key):
        return self.out(self.drop(jnp.tanh(self.hidden(x)), key=key))


rng = np.random.default_rng(0)
x = rng.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
rate = 1e-2
# rate x 1000: rate = 10
model, key = Net(jax.random.key(0)), jax.random.key(1)
optim = optax.adam(rate)
state = optim.init(eqx.filter(model, eqx.is_array))


@eqx.filter_jit
def make_step(model, state, x, y, key):
    @eqx.filter_value_and_grad
    def loss_fn(model):
        return jnp.mean((jax.vmap(model)(x, jax.random.split(key, len(x))) - y) ** 2)

    loss, grads = loss_fn(model)
    updates, state = optim.update(grads, state)
    return eqx.apply_updates(model, updates), state, loss


for i in range(240):
    rows, key = rng.integers(0, 600, 50), jax.random.fold_in(key, i)
    model, state, loss = make_step(model, state, x[rows], y[rows], key)
print(float(loss))
