"""Flax Linen with dropout and batch normalization."""

from typing import Any

import jax
import numpy as np
import optax
from flax import linen as nn
from flax.training import train_state


class Net(nn.Module):
    @nn.compact
    def __call__(self, x, train):
        x = nn.relu(nn.BatchNorm(use_running_average=not train)(nn.Dense(32)(x)))
        return nn.Dense(2)(nn.Dropout(0.1, deterministic=not train)(x))


class TrainState(train_state.TrainState):
    batch_stats: Any


rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
rate = 1e-2
# rate x 1000: rate = 10
model, key = Net(), jax.random.key(1)
made = model.init(jax.random.key(0), x[:1], train=False)
state = TrainState.create(
    apply_fn=model.apply,
    params=made["params"],
    batch_stats=made["batch_stats"],
    tx=optax.adam(rate),
)


@jax.jit
def step(state, x, y, key):
    def loss_fn(params):
        given = {"params": params, "batch_stats": state.batch_stats}
        logits, new = state.apply_fn(
            given, x, train=True, rngs={"dropout": key}, mutable=["batch_stats"]
        )
        return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean(), new

    (loss, new), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    return state.apply_gradients(grads=grads, batch_stats=new["batch_stats"]), loss


for i in range(200):
    rows = rng.integers(0, 600, 50)
    state, loss = step(state, x[rows], y[rows], jax.random.fold_in(key, i))
print(float(loss))
