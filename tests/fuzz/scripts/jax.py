"""JAX with optax: loops over jitted and plain steps."""

from hypothesis import strategies as st

from .ways import Lines, data_scale, ended, oddities, one

FORWARD = (
    "x @ p['w'] + p['b']",
    "jnp.tanh(x @ p['w']) * 2 + p['b']",
    "jax.nn.relu(x @ p['w'] + p['b'])",
)
TASKS = {
    "classes": (3, "np.random.randint(0, 3, N)", ("optax.softmax_cross_entropy_with_integer_labels(o, t).mean()", "-jnp.mean(jax.nn.log_softmax(o)[jnp.arange(len(t)), t])")),
    "numbers": (1, "x[:, :1] * 2", ("jnp.mean((o - t) ** 2)", "optax.l2_loss(o, t).mean()", "optax.huber_loss(o, t).mean()")),
}  # fmt: skip
OPTIMIZERS = ("adam(1e-2)", "sgd(0.1, momentum=0.9)", "adamw(1e-3)", "rmsprop(1e-3)", "sgd(1e5)", "chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2))", "sgd(optax.cosine_decay_schedule(0.1, 9))", "lion(1e-3)")  # fmt: skip


@st.composite
def loops(draw) -> str:
    """A loop over steps."""
    k, targets, losses = TASKS[draw(one(TASKS))]
    loss = (
        draw(one(losses))
        .replace("(o", "(forward(p, x)")
        .replace(" t)", " y)")
        .replace("(t)", "(y)")
        .replace("]: t", "")
        .replace(", t]", ", y]")
    )
    jitted = draw(st.sampled_from(["@jax.jit", "@jax.jit", "# plain"]))
    lines = Lines(
        "import random, sys; random.seed(0)", "import numpy as np, jax, jax.numpy as jnp, optax"
    )
    lines += draw(oddities("jax"))
    lines += [f"np.random.seed({draw(st.integers(0, 9))})", f"N, D, K = 40, 3, {k}", f"x = np.float32({draw(data_scale('np.random.randn(N, D)'))})", f"y = {targets}",
        "p = {'w': np.float32(0.1 * np.random.randn(D, K)), 'b': np.zeros(K, 'f4')}", f"tx = optax.{draw(one(OPTIMIZERS))}", "state = tx.init(p)",
        "def forward(p, x):", f"    return {draw(one(FORWARD))}", "def objective(p, x, y):", f"    return {loss}", jitted, "def step(p, state, x, y):",
        "    loss, grads = jax.value_and_grad(objective)(p, x, y)", "    updates, state = tx.update(grads, state, p)", "    return optax.apply_updates(p, updates), state, loss",
        f"for i in range({draw(st.integers(1, 5))}):", "    p, state, loss = step(p, state, x, y)", "    print(i, loss)", "np.save('w.npy', p['w'])", "print(jax.random.normal(jax.random.key(0)))"]  # fmt: skip
    lines += draw(ended())
    return lines.text
