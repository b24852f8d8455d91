# JAX by hand, in minibatches, a two-layer regression: value_and_grad is not jitted by name.
import jax
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 6)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
k1, k2 = jax.random.split(jax.random.PRNGKey(0))
params = [(jax.random.normal(k1, (6, 32)) / 6**0.5, jnp.zeros(32)), (jax.random.normal(k2, (32, 1)) / 32**0.5, jnp.zeros(1))]
tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(3e-3))
state = tx.init(params)


def mse(params, x, y):
    (w1, b1), (w2, b2) = params
    return jnp.mean((jnp.tanh(x @ w1 + b1) @ w2 + b2 - y) ** 2)


grad = jax.jit(jax.value_and_grad(mse))
for epoch in range(20):
    for i in np.split(rng.permutation(1000), 20):
        loss, grads = grad(params, x[i], y[i])
        updates, state = tx.update(grads, state, params)
        params = optax.apply_updates(params, updates)
print(float(loss))
