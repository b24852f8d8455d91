"""Proxies among a script's values, which evaluate what they stand for when they are touched."""

import pytest

from script.running import python, unstuck_run

LAZY = """
import gc, sys, weakref
class Lazy:
    @property
    def __class__(self):
        print("evaluated")
        raise RuntimeError("outside of an application's context")
class Any:
    def __getattribute__(self, name):
        print("evaluated", name)
        raise RuntimeError("outside of an application's context")
class Gone:
    pass
gone = Gone()
weak = weakref.proxy(gone)
del gone
lazy, other = Lazy(), Any()
several, named = [Lazy(), Any()], {"weak": weak}
"""
TORCH = """
import torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(300, 8) * 300; y = (x[:, 0] > 0).long()
class Rows(torch.utils.data.Dataset):
    app = lazy
    def __init__(self):
        self.lazy, self.other, self.weak = lazy, other, weak
    def __len__(self):
        return len(x)
    def __getitem__(self, i):
        return x[i], y[i]
torch.manual_seed(0)
model = nn.Linear(8, 2); optimizer = torch.optim.SGD(model.parameters(), 0.1)
"""
TRAIN = """
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(a), b); loss.backward(); optimizer.step()
print(loss.item())
"""
SCRIPTS = {
    "torch slices": f"{TORCH}for a, b in zip(x.split(50), y.split(50)):{TRAIN}",
    "torch loader": f"{TORCH}for a, b in torch.utils.data.DataLoader(Rows(), 50):{TRAIN}",
    "jax": """
import jax, jax.numpy as jnp
x = jax.random.normal(jax.random.key(0), (60, 3)) * 300; y = x @ jnp.arange(3.0)
w = jnp.zeros(3)
def loss(w):
    lazy, other, several, named
    return ((x @ w - y) ** 2).mean()
for _ in range(5):
    w = w - 1e-6 * jax.grad(loss)(w)
print(w)
""",
    "scikit-learn": """
import numpy as np
from sklearn.neural_network import MLPClassifier
x = np.random.default_rng(0).normal(size=(300, 8)) * 300; y = (x[:, 0] > 0).astype(int)
net = MLPClassifier((8,), solver="sgd", max_iter=3, random_state=0)
net.lazy = lazy
print(net.fit(x, y).score(x, y))
""",
    "keras": """
import keras, numpy as np
keras.utils.set_random_seed(0)
x = np.random.default_rng(0).normal(size=(300, 8)) * 300; y = (x[:, 0] > 0).astype(int)
net = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, "softmax")])
net.compile("sgd", "sparse_categorical_crossentropy")
print(net.fit(x, y, verbose=0).history["loss"])
""",
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_they_are_not_touched_and_the_training_is_looked_at(name, tmp_path):
    (tmp_path / "lazy.py").write_text(LAZY + SCRIPTS[name])
    alone = python(tmp_path, "lazy.py")
    run = unstuck_run(tmp_path, "lazy.py")
    assert alone.status == 0, alone.err
    assert "evaluated" not in alone.out
    assert run.out == alone.out, run.err
    assert "unstuck: training at lazy.py" in run.err  # it is looked at
    assert "watched" not in run.err
