"""Flax Linen and a TrainState."""

import jax
import numpy as np
import optax
from flax import linen as nn
from flax.training.train_state import TrainState


class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        return nn.Dense(2)(nn.relu(nn.Dense(16)(x)))


rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype("int32")
# raw inputs: x = 1000 * x + 20000
model = MLP()
params = model.init(jax.random.key(0), x[:1])["params"]
state = TrainState.create(apply_fn=model.apply, params=params, tx=optax.adam(1e-2))


@jax.jit
def train_step(state, batch):
    def loss_fn(params):
        logits = state.apply_fn({"params": params}, batch["x"])
        return optax.softmax_cross_entropy_with_integer_labels(logits, batch["y"]).mean(), logits

    (loss, logits), grads = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
    accuracy = (logits.argmax(-1) == batch["y"]).mean()
    return state.apply_gradients(grads=grads), {"loss": loss, "accuracy": accuracy}


for epoch in range(15):
    for i in range(0, 600, 50):
        state, metrics = train_step(state, {"x": x[i : i + 50], "y": y[i : i + 50]})
print(float(metrics["loss"]))
