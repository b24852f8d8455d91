import jax, jax.numpy as jnp
import numpy as np
import optax

# fit y = 2 sin(2x) + 0.5 x with a small network
key = jax.random.PRNGKey(0)
rng = np.random.RandomState(0)
x = rng.uniform(-3, 3, (500, 1)).astype(np.float32)
y = 2 * np.sin(2 * x) + 0.5 * x + 0.1 * rng.randn(500, 1).astype(np.float32)
x_train, y_train, x_test, y_test = x[:400], y[:400], x[400:], y[400:]


def init(key):
    k1, k2, k3 = jax.random.split(key, 3)
    return {
        'W1': jax.random.normal(k1, (1, 64)), 'b1': -5.0 * jnp.ones(64),
        'W2': jax.random.normal(k2, (64, 64)) * 0.1, 'b2': -1.0 * jnp.ones(64),
        'W3': jax.random.normal(k3, (64, 1)) * 0.1, 'b3': jnp.zeros(1),
    }


def predict(p, x):
    h = jax.nn.relu(jnp.dot(x, p['W1']) + p['b1'])
    h = jax.nn.relu(jnp.dot(h, p['W2']) + p['b2'])
    return jax.nn.sigmoid(jnp.dot(h, p['W3']) + p['b3'])


def mse(p, x, y):
    return jnp.mean((predict(p, x) - y) ** 2)


params = init(key)
optimizer = optax.adam(learning_rate=5e-3)
state = optimizer.init(params)


@jax.jit
def update(params, state):
    l, g = jax.value_and_grad(mse)(params, x_train, y_train)
    u, state = optimizer.update(g, state, params)
    return optax.apply_updates(params, u), state, l


for i in range(1500):
    params, state, l = update(params, state)
    if i % 250 == 0:
        print('iter', i, 'mse', float(l))

test_mse = float(mse(params, x_test, y_test))
print('test mse', test_mse, 'target variance', float(y_test.var()))
print('R2', 1 - test_mse / float(y_test.var()))
