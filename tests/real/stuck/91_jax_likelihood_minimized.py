import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits

X, y = load_digits(return_X_y=True)
X = jnp.array(X / 16.0)
Y = jax.nn.one_hot(y, 10)
X_train, Y_train, X_test, y_test = X[:1500], Y[:1500], X[1500:], y[1500:]


def init(key, sizes):
    params = []
    for m, n in zip(sizes[:-1], sizes[1:]):
        key, k = jax.random.split(key)
        params.append({"w": jax.random.normal(k, (m, n)) * jnp.sqrt(2 / m), "b": jnp.zeros(n)})
    return params


def predict(params, x):
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    x = x @ params[-1]["w"] + params[-1]["b"]
    return jax.nn.log_softmax(x, axis=0)


def loss(params, x, y):
    return jnp.mean(jnp.sum(y * predict(params, x), axis=1))


params = init(jax.random.PRNGKey(0), [64, 64, 10])
optimizer = optax.adam(1e-3)
opt_state = optimizer.init(params)


@jax.jit
def step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(loss)(params, x, y)
    updates, opt_state = optimizer.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, value


rng = np.random.default_rng(0)
for epoch in range(25):
    order = rng.permutation(1500)
    for i in range(0, 1500, 10):
        idx = order[i:i + 10]
        params, opt_state, value = step(params, opt_state, X_train[idx], Y_train[idx])
    if epoch % 5 == 0:
        print(epoch, float(value))

acc = np.mean(np.argmax(predict(params, X_test), 1) == y_test)
print("test accuracy", acc)
