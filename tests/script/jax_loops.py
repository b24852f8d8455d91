"""JAX loops as people write them: python -m runs them all, and prints a digest of each's end.

Those of `RAW` are fed raw features, the others standardized ones. Libraries that are not installed
are left out.
"""

import functools
import hashlib
import importlib.util

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.example_libraries import optimizers

ROWS, FEATURES, BATCH, STEPS = 240, 6, 40, 60
RAW = {"jitted_step", "by_hand", "donated", "nnx", "in_a_class", "weighted"}


def data(name):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS, FEATURES)).astype(np.float32)
    y = (x[:, :3].sum(axis=1) > 0).astype(np.int32)
    return (x * np.float32(1000) + 500 if name in RAW else x), y


def network(hidden=16, outputs=2):
    a, b = jax.random.split(jax.random.key(0))
    return {
        "hidden": {"w": jax.random.normal(a, (FEATURES, hidden)) * 0.4, "b": jnp.zeros(hidden)},
        "out": {"w": jax.random.normal(b, (hidden, outputs)) * 0.25, "b": jnp.zeros(outputs)},
    }


def predict(params, x):
    h = jax.nn.relu(x @ params["hidden"]["w"] + params["hidden"]["b"])
    return h @ params["out"]["w"] + params["out"]["b"]


def cross_entropy(params, x, y):
    logits = predict(params, x)
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def jitted_step():
    x, y = data("jitted_step")
    params, optimizer = network(), optax.sgd(0.1)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, xb, yb):
        loss, gradients = jax.value_and_grad(cross_entropy)(params, xb, yb)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    order = np.random.default_rng(1)
    for _ in range(STEPS):
        rows = order.permutation(ROWS)[:BATCH]
        params, state, _ = step(params, state, x[rows], y[rows])
    return params


def thrown_away():
    x, y = data("thrown_away")
    params, optimizer = network(), optax.sgd(0.1)
    state = optimizer.init(params)

    @functools.partial(jax.jit, donate_argnums=1)
    def step(params, state, xb, yb):
        loss, gradients = jax.value_and_grad(cross_entropy)(params, xb, yb)
        updates, state = optimizer.update(gradients, state, params)
        optax.apply_updates(params, updates)  # returns new parameters, which nobody keeps
        return params, state, loss

    order = np.random.default_rng(1)
    for _ in range(STEPS):
        rows = order.permutation(ROWS)[:BATCH]
        params, state, _ = step(params, state, x[rows], y[rows])
    return params


def gradient_jitted():
    x, y = data("gradient_jitted")

    def loss_fn(params, batch):
        log_p = jax.nn.log_softmax(batch["x"] @ params["w"] + params["b"])
        return -jnp.mean(jnp.sum(jax.nn.one_hot(batch["y"], 2) * log_p, axis=-1))

    gradient = jax.jit(jax.value_and_grad(loss_fn))
    params, optimizer = {"w": jnp.zeros((FEATURES, 2)), "b": jnp.zeros(2)}, optax.adam(1e-2)
    state = optimizer.init(params)
    for i in range(STEPS):
        at = i * BATCH % ROWS
        _, slope = gradient(params, {"x": x[at : at + BATCH], "y": y[at : at + BATCH]})
        updates, state = optimizer.update(slope, state)
        params = optax.apply_updates(params, updates)
    return params


def by_hand():
    x, y = data("by_hand")
    targets = np.eye(2, dtype=np.float32)[y]
    params = [(p["w"].T, p["b"]) for p in network().values()]

    def one(params, x):
        for w, b in params[:-1]:
            x = jnp.tanh(jnp.dot(w, x) + b)
        w, b = params[-1]
        logits = jnp.dot(w, x) + b
        return logits - jax.scipy.special.logsumexp(logits)

    def loss(params, x, targets):
        return -jnp.mean(jax.vmap(one, in_axes=(None, 0))(params, x) * targets)

    @jax.jit
    def update(params, x, targets):
        slopes = jax.grad(loss)(params, x, targets)
        return [
            (w - 0.3 * dw, b - 0.3 * db) for (w, b), (dw, db) in zip(params, slopes, strict=True)
        ]

    for i in range(STEPS):
        at = i * BATCH % ROWS
        params = update(params, x[at : at + BATCH], targets[at : at + BATCH])
    return params


def not_jitted():
    x, y = data("not_jitted")
    params = network()
    for _ in range(STEPS // 4):
        slopes = jax.grad(cross_entropy)(params, x, y)
        params = jax.tree.map(lambda p, g: p - 0.5 * g, params, slopes)
    return params


def whole_data():
    x, y = map(jnp.asarray, data("whole_data"))
    params, optimizer = network(), optax.adamw(1e-2)
    state = optimizer.init(params)

    def loss_fn(p):
        return cross_entropy(p, x, y) + 1e-4 * sum(jnp.sum(a**2) for a in jax.tree.leaves(p))

    @jax.jit
    def step(params, state):
        loss, gradients = jax.value_and_grad(loss_fn)(params)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, {"loss": loss}

    for _ in range(STEPS):
        params, state, _ = step(params, state)
    return params


def scanned():
    x, y = map(jnp.asarray, data("scanned"))
    optimizer = optax.adam(1e-2)

    @jax.jit
    def train(params):
        def body(carry, _):
            params, state = carry
            loss, gradients = jax.value_and_grad(cross_entropy)(params, x, y)
            updates, state = optimizer.update(gradients, state, params)
            return (optax.apply_updates(params, updates), state), loss

        return jax.lax.scan(body, (params, optimizer.init(params)), length=STEPS)

    (params, _), _ = train(network())
    return params


def donated():
    x, y = data("donated")
    params, optimizer = network(outputs=1), optax.adam(optax.cosine_decay_schedule(5e-3, STEPS))
    state = optimizer.init(params)

    def loss_fn(params, x, y):
        return optax.sigmoid_binary_cross_entropy(predict(params, x)[:, 0], y).mean()

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def step(params, state, x, y):
        loss, gradients = jax.value_and_grad(loss_fn)(params, x, y)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    order = np.random.default_rng(1)
    for _ in range(STEPS):
        rows = order.integers(0, ROWS, BATCH)
        params, state, _ = step(params, state, x[rows], y[rows].astype(np.float32))
    return params


class Trainer:
    def __init__(self):
        self.optimizer = optax.sgd(0.05, momentum=0.9)
        self.params = network(outputs=1)
        self.state = self.optimizer.init(self.params)

    def loss(self, params, x, y):
        return jnp.mean((predict(params, x)[:, 0] - y) ** 2), {"size": len(x)}

    @functools.partial(jax.jit, static_argnums=0)
    def step(self, params, state, x, y):
        (loss, _), slopes = jax.value_and_grad(self.loss, has_aux=True)(params, x, y)
        updates, state = self.optimizer.update(slopes, state, params)
        return optax.apply_updates(params, updates), state, loss

    def fit(self, x, y):
        for i in range(STEPS):
            rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
            self.params, self.state, _ = self.step(self.params, self.state, x[rows], y[rows])
        return self.params


def in_a_class():
    x, y = data("in_a_class")
    return Trainer().fit(x, y.astype(np.float32))


def of_examples():
    """JAX's own example optimizers, in the form of their documentation."""
    x, y = data("of_examples")
    init, update, get_params = optimizers.adam(step_size=1e-2)
    state = init(network())

    @jax.jit
    def step(i, state, xb, yb):
        slope = jax.grad(cross_entropy)(get_params(state), xb, yb)
        return update(i, slope, state)

    order = np.random.default_rng(1)
    for i in range(STEPS):
        rows = order.permutation(ROWS)[:BATCH]
        state = step(i, state, x[rows], y[rows])
    return get_params(state)


def cut_off():
    """A likelihood of the targets alone, where the outputs were meant."""
    x, y = data("cut_off")
    params, optimizer = network(), optax.adam(1e-2)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, xb, yb):
        def loss_of(params):
            p = jax.nn.softmax(predict(params, xb))[:, 1]  # and then not used
            return -jnp.mean(yb * jnp.log(yb + 0.1) + 0 * yb), p

        (loss, _), gradients = jax.value_and_grad(loss_of, has_aux=True)(params)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state, loss

    for _ in range(STEPS):
        params, state, _ = step(params, state, x, y)
    return params


def weighted():
    """Two arrays that are compared with outputs: it cannot be told which is the target."""
    x, y = data("weighted")
    weights = np.linspace(0.5, 1.5, ROWS).astype(np.float32)
    params, optimizer = network(), optax.sgd(1e-3)
    state = optimizer.init(params)

    @jax.jit
    def step(params, state, x, y, w):
        def loss_fn(params):
            each = optax.softmax_cross_entropy_with_integer_labels(predict(params, x), y)
            return jnp.mean(each * w)

        loss, gradients = jax.value_and_grad(loss_fn)(params)
        updates, state = optimizer.update(gradients, state)
        return optax.apply_updates(params, updates), state, loss

    for _ in range(STEPS):
        params, state, _ = step(params, state, x, y, weights)
    return params


def two_in_turn():
    """Each one's loss reads the other's parameters, as in adversarial training."""
    x, y = data("two_in_turn")
    one, other = network(), network()
    optimizer = optax.sgd(0.1)

    def of_one(one, other):
        return cross_entropy(one, x, y) + 0.1 * jnp.mean(predict(other, x) ** 2)

    def of_other(other, one):
        return cross_entropy(other, x, y) + 0.1 * jnp.mean(predict(one, x) ** 2)

    def step_of(loss_fn):
        @jax.jit
        def step(params, state, rest):
            loss, gradients = jax.value_and_grad(loss_fn)(params, rest)
            updates, state = optimizer.update(gradients, state)
            return optax.apply_updates(params, updates), state, loss

        return step

    first, second = step_of(of_one), step_of(of_other)
    states = [optimizer.init(one), optimizer.init(other)]
    for _ in range(80):
        one, states[0], _ = first(one, states[0], other)
        other, states[1], _ = second(other, states[1], one)
    return one, other


def linen():
    from flax import linen as nn
    from flax.training.train_state import TrainState

    x, y = data("linen")
    model = nn.Sequential([nn.Dense(16), nn.relu, nn.Dense(2)])
    state = TrainState.create(
        apply_fn=model.apply, params=model.init(jax.random.key(0), x[:1]), tx=optax.sgd(0.1)
    )

    @jax.jit
    def train_step(state, batch):
        def loss_fn(params):
            logits = state.apply_fn(params, batch["image"])
            each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
            return each.mean(), logits

        (loss, _), gradients = jax.value_and_grad(loss_fn, has_aux=True)(state.params)
        return state.apply_gradients(grads=gradients), {"loss": loss}

    for i in range(STEPS):
        rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
        state, _ = train_step(state, {"image": x[rows], "label": y[rows]})
    return state.params


def nnx():
    from flax import nnx

    class Net(nnx.Module):
        def __init__(self, rngs):
            self.hidden = nnx.Linear(FEATURES, 16, rngs=rngs)
            self.out = nnx.Linear(16, 2, rngs=rngs)

        def __call__(self, x):
            return self.out(nnx.relu(self.hidden(x)))

    x, y = data("nnx")
    model = Net(nnx.Rngs(0))
    optimizer = nnx.Optimizer(model, optax.sgd(0.1), wrt=nnx.Param)

    def loss_fn(model, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(model(x), y).mean()

    @nnx.jit
    def train_step(model, optimizer, x, y):
        loss, gradients = nnx.value_and_grad(loss_fn)(model, x, y)
        optimizer.update(model, gradients)
        return loss

    for i in range(STEPS):
        rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
        train_step(model, optimizer, x[rows], y[rows])
    return nnx.state(model, nnx.Param)


def equinox():
    import equinox as eqx

    x, y = data("equinox")
    model = eqx.nn.MLP(FEATURES, 2, 16, 1, key=jax.random.key(0))
    optimizer = optax.adam(5e-3)
    state = optimizer.init(eqx.filter(model, eqx.is_inexact_array))

    @eqx.filter_value_and_grad
    def compute_loss(model, x, y):
        return optax.softmax_cross_entropy_with_integer_labels(jax.vmap(model)(x), y).mean()

    @eqx.filter_jit
    def make_step(model, state, x, y):
        loss, gradients = compute_loss(model, x, y)
        updates, state = optimizer.update(gradients, state)
        return loss, eqx.apply_updates(model, updates), state

    for i in range(STEPS):
        rows = slice(i * BATCH % ROWS, i * BATCH % ROWS + BATCH)
        _, model, state = make_step(model, state, x[rows], y[rows])
    return eqx.filter(model, eqx.is_array)


PLAIN = (
    jitted_step, thrown_away, gradient_jitted, by_hand, not_jitted, whole_data, scanned, donated,
    in_a_class, of_examples, cut_off, weighted, two_in_turn,
)  # fmt: skip
OF_LIBRARIES = {"flax": (linen, nnx), "equinox": (equinox,)}


def main():
    loops = list(PLAIN)
    for library, more in OF_LIBRARIES.items():
        loops += more if importlib.util.find_spec(library) else ()
    for loop in loops:
        leaves = jax.tree.leaves(loop())
        digest = hashlib.sha256(b"".join(np.asarray(a).tobytes() for a in leaves)).hexdigest()
        print(loop.__name__, digest)


if __name__ == "__main__":
    main()
