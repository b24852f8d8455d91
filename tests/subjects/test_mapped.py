"""An array that is mapped from a file is read where it is looked at, in every framework."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import unstuck

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
ROWS, FEATURES = 10_000_000, 100  # 4 GB that are nowhere: a sparse file


def with_torch(x, y):
    import torch
    from torch import nn

    model = nn.Sequential(nn.Linear(FEATURES, 8), nn.ReLU(), nn.Linear(8, 3))
    optimizer = torch.optim.Adam(model.parameters())
    return unstuck.diagnose(model, x, y, loss=nn.CrossEntropyLoss(), optimizer=optimizer)


def with_keras(x, y):
    import keras

    model = keras.Sequential([keras.layers.Dense(8, "relu"), keras.layers.Dense(3, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy")
    return unstuck.diagnose(model, x, y)


def with_jax(x, y):
    import jax
    import jax.numpy as jnp
    import optax

    params = {"w": jnp.ones((FEATURES, 3)) * 0.1}

    def loss(output, y):
        return optax.softmax_cross_entropy_with_integer_labels(output, y).mean()

    def apply(params, x):
        return jax.nn.tanh(x @ params["w"])

    return unstuck.diagnose((apply, params), x, y, loss=loss, optimizer=optax.adam(1e-3))


def with_sklearn(x, y):
    from sklearn.neural_network import MLPClassifier

    return unstuck.diagnose(MLPClassifier((8,)), x, y)


def resident(path):
    """Bytes of a mapped file that this process has touched."""
    found = re.findall(
        rf"{re.escape(str(path))}\n.*?^Rss: +(\d+) kB",
        Path("/proc/self/smaps").read_text("utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    assert found, "not mapped"
    return 1024 * sum(map(int, found))


@pytest.mark.parametrize("look", [with_torch, with_keras, with_jax, with_sklearn])
def test_a_mapped_array_is_read_where_it_is_looked_at(look, tmp_path):
    path = tmp_path / "x.npy"
    x = np.lib.format.open_memmap(path, "w+", np.float32, (ROWS, FEATURES))
    report = look(x, np.arange(ROWS, dtype=np.int32) % 3)
    assert report.record.suspects[0].name == "constant-input"
    # 2,048 rows; with each the kernel maps up to 64 kB around it.
    assert resident(path) < 0.1 * x.nbytes
    assert np.isfinite(x[:: ROWS // 4]).all()
