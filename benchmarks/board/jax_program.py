"""Programs in JAX: a function of its parameters, optax, a jitted step."""

from board.faults import settings
from board.programs import Program, reading, scoring, sizes
from board.spec import Settings, Spec

ACTIVATIONS = {"relu": "jax.nn.relu(x)", "tanh": "jnp.tanh(x)", "sigmoid": "jax.nn.sigmoid(x)",
               "linear": "x"}  # fmt: skip
KERNELS = {"": "jax.random.normal(key, (a, b)) * np.sqrt(2 / (a + b))", "ones": "jnp.ones((a, b))",
           "zeros": "jnp.zeros((a, b))", "tiny": "1e-4 * jax.random.normal(key, (a, b))",
           "large": "3.0 * jax.random.normal(key, (a, b))"}  # fmt: skip


def program(spec: Spec) -> Program:
    """See `board.programs`."""
    made = settings(spec)
    setup = [
        reading(spec, "import jax", "import jax.numpy as jnp", "import optax"), "", "",
        *_apply(made), "", "", *_params(spec, made), *_loss(spec, made), "", "",
        f"optimizer = {_optimizer(spec, made)}", "",
    ]  # fmt: skip
    ending = "outputs = np.asarray(apply(params, x_test))\n"
    scored = scoring(spec, "outputs.reshape(y_test.shape)", "outputs.argmax(1)")
    return Program("\n".join(setup), "\n".join(_training(spec, made)), ending + scored)


def _apply(made: Settings) -> list[str]:
    last = {"softmax": "jax.nn.softmax(x)", "sigmoid": "jax.nn.sigmoid(x)"}.get(made.output, "x")
    if made.loss == "clipped":
        last = "jax.nn.softmax(x)"
    return ["def apply(params, x):", "    for w, b in params[:-1]:", "        x = x @ w + b",
            f"        x = {ACTIVATIONS[made.activation]}", "    w, b = params[-1]",
            "    x = x @ w + b", f"    return {last}"]  # fmt: skip


def _params(spec: Spec, made: Settings) -> list[str]:
    features, outputs = sizes(spec)
    lines = [f"sizes = {[features, *made.hidden, outputs]}",
             "keys = jax.random.split(jax.random.key(SEED), len(sizes) - 1)",
             "params = [", f"    ({KERNELS[made.start]}, jnp.zeros(b))",
             "    for key, a, b in zip(keys, sizes, sizes[1:])", "]"]  # fmt: skip
    if made.bias:
        lines.append(f"params[0] = (params[0][0], params[0][1] - {made.bias:.4g})")
    return [*lines, "", ""]


def _loss(spec: Spec, made: Settings) -> list[str]:
    head = "def loss_fn(output, y):"
    if made.loss == "squared":
        return [head, "    return ((output - y) ** 2).mean()"]
    if made.loss == "clipped":
        each = "-jnp.log(jnp.clip(output[jnp.arange(len(y)), y], 1e-7, 1 - 1e-7))"
    else:
        each = "optax.softmax_cross_entropy_with_integer_labels(output, y)"
    if made.balance == "weights":
        counts = "weight = jnp.asarray(len(y_train) / (2 * np.bincount(y_train)))"
        return [counts, "", "", head, f"    return ({each} * weight[y]).mean()"]
    return [head, f"    return {each}.mean()"]


def _optimizer(spec: Spec, made: Settings) -> str:
    rate = f"{made.rate:.4g}"
    if made.schedule:
        rate = _schedule(spec, made)
    numbers = {"adam": f"optax.adam({rate}{_epsilon(made)})",
               "rmsprop": f"optax.rmsprop({rate}{_epsilon(made)})",
               "sgd": f"optax.sgd({rate}, momentum=0.9)"}  # fmt: skip
    if made.clip:
        clip = f"optax.clip_by_global_norm({made.clip:g})"
        return f"optax.chain({clip}, {numbers[made.optimizer]})"
    return numbers[made.optimizer]


def _epsilon(made: Settings) -> str:
    return f", eps={made.epsilon:.4g}" if made.epsilon != Settings.epsilon else ""


def _schedule(spec: Spec, made: Settings) -> str:
    from board.torch_program import len_of

    n = len_of(spec)
    batches = -(-n // min(made.batch, n))
    steps = spec.sound.epochs * batches
    if made.schedule == "step":
        return f"optax.exponential_decay({made.rate:.4g}, {steps // 3}, 0.3, staircase=True)"
    if made.schedule == "cosine":
        return f"optax.cosine_decay_schedule({made.rate:.4g}, {steps})"
    return f"optax.linear_schedule({made.rate / 10:.4g}, {made.rate:.4g}, {max(1, steps // 5)})"


def _training(spec: Spec, made: Settings) -> list[str]:
    from board.torch_program import len_of

    batch = min(made.batch, len_of(spec))
    target = "x" if spec.subject == "autoencoder" else "y"
    order = "rng.permutation(len(x_train))" if made.shuffle else "np.arange(len(x_train))"
    return [
        "state = optimizer.init(params)", "rng = np.random.default_rng(SEED)", "", "",
        "@jax.jit", "def step(params, state, x, y):",
        f"    loss, grads = jax.value_and_grad(lambda p: loss_fn(apply(p, x), {target}))(params)",
        "    updates, state = optimizer.update(grads, state, params)",
        "    return optax.apply_updates(params, updates), state, loss", "", "",
        f"for epoch in range({made.epochs}):", f"    order = {order}",
        f"    for i in range(0, len(order) - {batch - 1}, {batch}):",
        f"        x, y = x_train[order[i:i + {batch}]], y_train[order[i:i + {batch}]]",
        "        params, state, loss = step(params, state, x, y)",
        "    print(epoch, float(loss))",
    ]  # fmt: skip
