import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_diabetes

data = load_diabetes()
rng = np.random.default_rng(1)
order = rng.permutation(len(data.target))
X = data.data[order].astype("float32") / 0.0476
y = data.target[order].astype("float32")
X_train, X_test = X[:350], X[350:]
y_mean, y_std = y[:350].mean(), y[:350].std()
y_train = (y[:350] - y_mean) / y_std
y_test = y[350:]
# a few broken records in the training data
bad = rng.choice(350, 12, replace=False)
y_train[bad] += rng.choice([-8, 8], 12)


def init(key, sizes):
    keys = jax.random.split(key, len(sizes) - 1)
    return [(jax.random.normal(k, (m, n)) * jnp.sqrt(1.0 / m), jnp.zeros(n))
            for k, m, n in zip(keys, sizes[:-1], sizes[1:])]

def net(params, x):
    for W, b in params[:-1]:
        x = jnp.tanh(x @ W + b)
    W, b = params[-1]
    return (x @ W + b)[:, 0]

def objective(params, x, y):
    return optax.huber_loss(net(params, x), y, delta=1.0).mean()

steps = 200
schedule = optax.warmup_cosine_decay_schedule(0.0, 5e-3, warmup_steps=20, decay_steps=steps, end_value=1e-4)
tx = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=0.1))
params = init(jax.random.PRNGKey(0), [10, 16, 1])
opt_state = tx.init(params)

@jax.jit
def train_step(params, opt_state, x, y):
    value, grads = jax.value_and_grad(objective)(params, x, y)
    updates, opt_state = tx.update(grads, opt_state, params)
    return optax.apply_updates(params, updates), opt_state, value

for s in range(steps):
    b = rng.choice(350, 64, replace=False)
    params, opt_state, value = train_step(params, opt_state, X_train[b], y_train[b])
    if s % 40 == 0:
        print(f"step {s:4d} huber {float(value):.4f} lr {float(schedule(s)):.5f}")

pred = np.asarray(net(params, X_test)) * y_std + y_mean
print("test MAE %.1f" % np.abs(pred - y_test).mean())
print("test R2 %.3f" % (1 - ((pred - y_test) ** 2).sum() / ((y_test - y_test.mean()) ** 2).sum()))
