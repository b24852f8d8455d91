import jax, optax
import jax.numpy as jnp
from jax import grad, jit, random
from sklearn.datasets import load_diabetes

d = load_diabetes()
X = jnp.asarray((d.data - d.data.mean(0)) / d.data.std(0))
y = jnp.asarray((d.target - d.target.mean()) / d.target.std())
xtr, ytr, xte, yte = X[:350], y[:350], X[350:], y[350:]

k1, k2 = random.split(random.PRNGKey(42))
params = {
    'W1': random.normal(k1, (10, 16)) / jnp.sqrt(10.0), 'b1': jnp.zeros(16),
    'W2': random.normal(k2, (16, 1)) / 4.0, 'b2': jnp.zeros(1),
}


def net(p, x):
    return jnp.tanh(x @ p['W1'] + p['b1']) @ p['W2'] + p['b2']


def mse(p, x, t):
    return jnp.mean((net(p, x) - t) ** 2)


schedule = optax.exponential_decay(init_value=0.01, transition_steps=10, decay_rate=0.9)
opt = optax.sgd(schedule)
state = opt.init(params)


@jit
def update(p, state, x, t):
    g = grad(mse)(p, x, t)
    u, state = opt.update(g, state, p)
    return optax.apply_updates(p, u), state


for it in range(2000):
    params, state = update(params, state, xtr, ytr)
    if it % 500 == 0:
        print(it, mse(params, xtr, ytr))

pred = net(params, xte)[:, 0]
print('R2 on test', float(1 - jnp.mean((pred - yte) ** 2) / jnp.var(yte)))
