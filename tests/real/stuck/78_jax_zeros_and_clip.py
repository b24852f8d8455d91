import jax
import jax.numpy as jnp
import numpy as np
import optax
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

X, y = load_digits(return_X_y=True)
X = X.astype(np.float32) / 16.0
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)

sizes = [64, 64, 32, 10]

def init_params(sizes):
    params = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:]):
        params.append({"w": jnp.zeros((n_in, n_out)), "b": jnp.zeros((n_out,))})
    return params

def forward(params, x):
    for layer in params[:-1]:
        x = jax.nn.relu(x @ layer["w"] + layer["b"])
    return x @ params[-1]["w"] + params[-1]["b"]

def loss_fn(params, x, y):
    logits = forward(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

params = init_params(sizes)
opt = optax.chain(optax.clip_by_global_norm(1e-6), optax.sgd(0.1, momentum=0.9))
opt_state = opt.init(params)

@jax.jit
def step(params, opt_state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, opt_state = opt.update(grads, opt_state)
    return optax.apply_updates(params, updates), opt_state, loss

rng = np.random.default_rng(0)
for epoch in range(25):
    idx = rng.permutation(len(X_train))
    losses = []
    for i in range(0, len(idx), 64):
        b = idx[i:i + 64]
        params, opt_state, loss = step(params, opt_state, X_train[b], y_train[b])
        losses.append(float(loss))
    if epoch % 5 == 0:
        print(f"epoch {epoch} loss {np.mean(losses):.4f}")

acc = (np.array(forward(params, X_test)).argmax(1) == y_test).mean()
print("test acc:", acc)
