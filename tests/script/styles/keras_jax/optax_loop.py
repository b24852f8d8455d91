"""A Keras model that optax trains."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import optax

keras.utils.set_random_seed(0)
x = np.random.normal(size=(600, 4)).astype("float32")
y = np.sin(x[:, :1]) + 0.5 * x[:, 1:2]
# targets unscaled: y = 1000 * y + 5000
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(32, "tanh"), keras.layers.Dense(1)])
params = [v.value for v in model.trainable_variables]
rest = [v.value for v in model.non_trainable_variables]
tx = optax.adam(1e-2)
state = tx.init(params)


@jax.jit
def step(params, state, x, y):
    def loss_fn(params):
        out, _ = model.stateless_call(params, rest, x)
        return jnp.mean((out - y) ** 2)

    loss, grads = jax.value_and_grad(loss_fn)(params)
    updates, state = tx.update(grads, state)
    return optax.apply_updates(params, updates), state, loss


for i in range(200):
    rows = np.random.randint(0, 600, 50)
    params, state, loss = step(params, state, x[rows], y[rows])
print(float(loss))
