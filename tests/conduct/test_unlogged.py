"""What libraries log of our own work reaches no handler of a script's."""

import logging
import re
import threading

import pytest

from script.running import python, unstuck_run
from unstuck.setups.unlogged import unlogged

# What one run compiles the other is not to find.
HOME = {"KERAS_BACKEND": "torch", "JAX_PLATFORMS": "cpu", "JAX_ENABLE_COMPILATION_CACHE": "false"}
LOGS = "import logging\nlogging.basicConfig(level=logging.DEBUG, filename='log.txt')\n"
JAX = """
import jax, jax.numpy as jnp
x = jnp.arange(40.0).reshape(20, 2) * 100
@jax.jit
def step(w):
    loss, slope = jax.value_and_grad(lambda w: ((x @ w - x[:, 0]) ** 2).mean())(w)
    return w - 1e-7 * slope, loss
w = jnp.zeros(2)
for _ in range(5):
    w, loss = step(w)
logging.info("own %s", loss)
"""
KERAS = """
import keras, numpy as np
keras.utils.set_random_seed(0)
x = np.arange(200.0).reshape(50, 4)
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(x, x[:, 0], verbose=0)
logging.info("own")
"""


@pytest.mark.parametrize("script", [JAX, KERAS], ids=["jax", "keras"])
def test_a_scripts_log_holds_what_it_does_under_python(tmp_path, script):
    logs = []
    for name, run in (("plain", python), ("watched", unstuck_run)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "train.py").write_text(LOGS + script)
        assert run(folder, "train.py", **HOME).status in (0, 10)
        text = (folder / "log.txt").read_text()
        logs.append(re.sub(r"[\d.e-]+ ?s(ec)?\b", "T", text))  # how long it took
    assert "own" in logs[0]
    assert logs[1] == logs[0]


def test_other_threads_log_on(caplog):
    before = logging.Logger.callHandlers
    with caplog.at_level(logging.INFO), unlogged(), unlogged():
        logging.info("ours")
        other = threading.Thread(target=logging.info, args=("the script's",))
        other.start()
        other.join()
    logging.info("not any more")  # below the level again
    assert [record.message for record in caplog.records] == ["the script's"]
    assert logging.Logger.callHandlers is before
