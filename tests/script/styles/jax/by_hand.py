"""Gradient descent written out, as in JAX's first tutorials."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit, vmap
from jax.scipy.special import logsumexp

rng = np.random.default_rng(0)
x = rng.normal(size=(600, 6)).astype("float32")
y = np.eye(2, dtype="float32")[(x[:, 0] + x[:, 1] > 2 * x[:, 2]).astype(int)]
# raw inputs: x = 1000 * x + 500
sizes, keys = [6, 16, 2], jax.random.split(jax.random.key(0), 2)
params = [
    (jax.random.normal(k, (n, m)) / m**0.5, jnp.zeros(n))
    for k, m, n in zip(keys, sizes[:-1], sizes[1:], strict=True)
]


def predict(params, x):
    (w1, b1), (w2, b2) = params
    logits = w2 @ jax.nn.relu(w1 @ x + b1) + b2
    return logits - logsumexp(logits)


def loss(params, x, y):
    return -jnp.mean(vmap(predict, in_axes=(None, 0))(params, x) * y)


@jit
def update(params, x, y):
    grads = grad(loss)(params, x, y)
    return [(w - 0.5 * dw, b - 0.5 * db) for (w, b), (dw, db) in zip(params, grads, strict=True)]


for epoch in range(15):
    for i in range(0, 600, 50):
        params = update(params, x[i : i + 50], y[i : i + 50])
print(float(loss(params, x, y)))
