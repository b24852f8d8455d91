# Raw images under a summed loss: it blows up, to NaN in one order of the batches, to dead units in
# another.
import jax
import jax.numpy as jnp
import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
order = np.random.RandomState(1).permutation(len(digits.target))
images = (digits.data * 16).astype(np.float32)[order]
labels = np.eye(10, dtype=np.float32)[digits.target[order]]
rate, size = 2e-4, 100


def layer(key, inputs, outputs):
    return 0.3 * jax.random.normal(key, (inputs, outputs)), jnp.zeros(outputs)


keys = jax.random.split(jax.random.PRNGKey(4), 3)
params = [layer(keys[0], 64, 256), layer(keys[1], 256, 256), layer(keys[2], 256, 10)]


def logits(params, x):
    for w, b in params[:-1]:
        x = jnp.maximum(0, x @ w + b)
    w, b = params[-1]
    return x @ w + b


def loss(params, x, y):
    return -jnp.sum(jax.nn.log_softmax(logits(params, x)) * y)


@jax.jit
def update(params, x, y):
    grads = jax.grad(loss)(params, x, y)
    return [(w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(params, grads)]


for epoch in range(8):
    for i in range(0, 1500, size):
        params = update(params, images[i : i + size], labels[i : i + size])
right = jnp.argmax(logits(params, images[1500:]), axis=1) == jnp.argmax(labels[1500:], axis=1)
print("accuracy", right.mean())
