"""jax.grad and a tree_map, not jitted; a linear model."""

import jax
import jax.numpy as jnp

x = jax.random.normal(jax.random.key(0), (300, 3))
y = x @ jnp.array([1.5, -2.0, 0.5]) + 0.3
lr = 0.1
# rate x 1000: lr = 100
params = {"w": jnp.zeros(3), "b": jnp.array(0.0)}


def loss_fn(params, x, y):
    return jnp.mean((x @ params["w"] + params["b"] - y) ** 2)


for _ in range(150):
    grads = jax.grad(loss_fn)(params, x, y)
    params = jax.tree.map(lambda p, g: p - lr * g, params, grads)
print(float(loss_fn(params, x, y)))
