"""Flax NNX with dropout, whose random state is the model's."""

import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000


class Net(nnx.Module):
    def __init__(self, rngs):
        self.hidden = nnx.Linear(4, 64, rngs=rngs)
        self.drop = nnx.Dropout(0.05, rngs=rngs)
        self.out = nnx.Linear(64, 1, rngs=rngs)

    def __call__(self, x):
        return self.out(self.drop(nnx.tanh(self.hidden(x))))


model = Net(nnx.Rngs(0))
optimizer = nnx.Optimizer(model, optax.adam(1e-2), wrt=nnx.Param)


@nnx.jit
def train_step(model, optimizer, x, y):
    def loss_fn(model):
        return jnp.mean((model(x) - y) ** 2)

    loss, grads = nnx.value_and_grad(loss_fn)(model)
    optimizer.update(model, grads)
    return loss


for i in range(240):
    rows = rng.integers(0, 600, 50)
    loss = train_step(model, optimizer, x[rows], y[rows])
print(float(loss))
