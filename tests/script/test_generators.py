"""Random generators of the script's own are drawn from no more than without us."""

import pytest

from script.running import python, unstuck_run

DIGITS = """\
import random

import numpy as np
from sklearn.datasets import load_digits

X, Y = load_digits(return_X_y=True)
X, Y = X[:400] / 16, Y[:400]
fresh, legacy, plain = np.random.default_rng(0), np.random.RandomState(1), random.Random(2)


def noise(shape):
    return fresh.normal(0, 0.1, shape) + legacy.normal(0, 0.1, shape) + plain.random()


"""
SCRIPTS = {
    "a transformer": """\
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

first = FunctionTransformer(lambda x: x + noise(x.shape))
made = make_pipeline(first, MLPClassifier((8,), max_iter=3, random_state=0)).fit(X, Y)
print(made[-1].coefs_[0].sum())
""",
    "a data set and a model": """\
import torch

torch.manual_seed(0)
own = torch.Generator()
own.manual_seed(3)


class Noisy(torch.utils.data.Dataset):
    def __len__(self):
        return len(X)

    def __getitem__(self, i):
        x = torch.tensor(X[i] + noise(64), dtype=torch.float32)
        return x + torch.rand(64, generator=own), Y[i]


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Linear(64, 10), torch.nn.Linear(64, 10)
        self.first, self.second = self.layers

    def forward(self, x):
        return self.first(x) if fresh.random() < 0.5 else self.first(x) + self.second(x)


model = Net()
optimizer = torch.optim.Adam(model.parameters())
for x, y in torch.utils.data.DataLoader(Noisy(), 32, shuffle=True):
    loss = torch.nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print([p.sum().item() for p in model.parameters()])
""",
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_script_draws_what_it_drew(kind, tmp_path):
    if "torch" in SCRIPTS[kind]:
        pytest.importorskip("torch")
    (tmp_path / "train.py").write_text(DIGITS + SCRIPTS[kind], "utf-8")
    plain = python(tmp_path, "train.py")
    assert plain.status == 0, plain.err
    seen = unstuck_run(tmp_path, "--fail-on", "never", "train.py")
    assert seen.status == 0, seen.err
    assert seen.out == plain.out
    assert "training at train.py" in seen.err
