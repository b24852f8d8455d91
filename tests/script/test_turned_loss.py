"""A loss of the script's own whose sign is turned round, and that has no bound below."""

import json

import pytest

from .running import unstuck_run

pytest.importorskip("optax")

COUNTS = """\
import jax, jax.numpy as jnp, numpy as np, optax
rng = np.random.default_rng(0)
x = rng.normal(size=(1000, 3)).astype("float32")
y = rng.poisson(np.exp(1 + 0.8 * x[:, 0])).astype("float32")
first, second = (jax.random.normal(jax.random.key(i), s) for i, s in ((0, (3, 16)), (1, (16, 1))))
params = {"first": first, "second": second}
def forward(params, x):
    return (jnp.tanh(x @ params["first"]) @ params["second"])[:, 0]
def objective(params, x, y):
    logs = forward(params, x)
    return SIGN * jnp.mean(y * logs - jnp.exp(logs))  # the log-likelihood of counts
optimizer = optax.adam(3e-3)
state = optimizer.init(params)
step = jax.jit(jax.value_and_grad(objective))
for i in range(600):
    rows = slice(i * 50 % 1000, i * 50 % 1000 + 50)
    loss, gradients = step(params, x[rows], y[rows])
    updates, state = optimizer.update(gradients, state)
    params = optax.apply_updates(params, updates)
"""


@pytest.mark.parametrize(("sign", "status"), [("1", 10), ("-1", 0)])
def test_it_is_suspected_and_never_nothing_to_learn(tmp_path, sign, status):
    (tmp_path / "counts.py").write_text(COUNTS.replace("SIGN", sign))
    seen = unstuck_run(tmp_path, "--prove", "8", "--json", "r.json", "counts.py")
    assert seen.status == status, seen.err
    (subject,) = json.loads((tmp_path / "r.json").read_text())["subjects"]
    assert "Nothing to learn" not in subject["says"]
    found = {s["name"]: s["status"] for s in subject["report"]["suspects"]}
    assert ("loss-negated" in {*found, *(s["cause"] for s in subject["sightings"])}) == bool(status)
    assert found.get("loss-negated") != "refuted"
