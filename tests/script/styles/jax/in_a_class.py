"""A trainer of the script's own; self is static in its jitted step."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax


class Trainer:
    def __init__(self, rate):
        k1, k2 = jax.random.split(jax.random.key(0))
        self.params = {
            "w1": jax.random.normal(k1, (5, 16)) / 2, "w2": jax.random.normal(k2, (16, 1)) / 4
        }  # fmt: skip
        self.tx = optax.sgd(rate, momentum=0.9)
        self.state = self.tx.init(self.params)

    def loss(self, params, x, y):
        return jnp.mean(((jnp.tanh(x @ params["w1"]) @ params["w2"])[:, 0] - y) ** 2)

    @partial(jax.jit, static_argnums=0)
    def step(self, params, state, x, y):
        loss, grads = jax.value_and_grad(self.loss)(params, x, y)
        updates, state = self.tx.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    def fit(self, x, y, epochs):
        for _ in range(epochs):
            for i in range(0, len(x), 50):
                rows = slice(i, i + 50)
                self.params, self.state, loss = self.step(self.params, self.state, x[rows], y[rows])
        return float(loss)


rng = np.random.default_rng(0)
x = rng.normal(size=(600, 5)).astype("float32")
y = np.sin(x[:, 0]) + 0.5 * x[:, 1]
rate = 0.02
# rate x 1000: rate = 20
trainer = Trainer(rate)
print(trainer.fit(x, y, 20))
