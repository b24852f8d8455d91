"""Fixes put into scripts: what comes out runs, and what was trained is the cured model."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from script import patch_scripts as scripts
from unstuck.causes.examples import digits
from unstuck.changes import gradient_clipping, input_scaling, learning_rate, optimizer, shuffling
from unstuck.frameworks.recognize import recognize
from unstuck.patch import NotPlaced, diff, patched
from unstuck.setups.subject import Given

X, Y = digits()


def line_of(source: str) -> int:
    return source[: source.index("# <-")].count("\n") + 1


def done(source: str) -> dict:
    """The names of a script that was run as `__main__`."""
    names = {"__name__": "__main__"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, "train.py", "exec"), names)
    return names


def only_added(old: str, new: str, *, changed: int = 0) -> None:
    lines = diff(old, new, "train.py").splitlines()
    gone = [x for x in lines if x.startswith("-") and not x.startswith("---")]
    assert len(gone) <= changed, gone


def sklearn_code(*changes) -> str:
    from unstuck.frameworks.sklearn.cure import built

    model = MLPClassifier((32,), solver="sgd", max_iter=30, random_state=0)
    return built(recognize(model, Given(X * 10, Y)), changes).code


@pytest.mark.parametrize("name", scripts.SKLEARN)
def test_sklearn(name):
    source = scripts.SKLEARN_HEAD + scripts.SKLEARN[name]
    code = sklearn_code(input_scaling.STANDARD, learning_rate.HIGHER[1])
    new = patched(source, line_of(source), "sklearn", code)
    only_added(source, new, changed=name == "expression")
    before, after = done(source), done(new)
    score = after["done"].score(after["X"], after["y"])
    assert score > 0.95 > before["done"].score(before["X"], before["y"])
    with pytest.raises(NotPlaced, match=r"already|cannot be read"):
        patched(new, line_of(new), "sklearn", code)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("clf = MLPClassifier()\nclf.fit(X, y)  # <-\nprint(clf.loss_curve_)", "loss_curve_"),
        ("clf = MLPClassifier()\nclf.partial_fit(X, y)  # <-", "partial_fit"),
        ("clf = choose()\nclf.fit(X, y)  # <-", "choose"),
        ("for clf in models:\n    clf.fit(X, y)  # <-", "cannot be read"),
        ("s = GridSearchCV(MLPClassifier(), {'alpha': [1]})\ns.fit(X, y)  # <-", "search"),
        ("[MLPClassifier().fit(X, y) for i in range(2)]  # <-", "comprehension"),
        ("a = MLPClassifier(); a.fit(X, y); a.fit(X, y)  # <-", "2 training calls"),
        ("print(1)  # <-", "no training call"),
        ("def f(:  # <-", "parsed"),
    ],
)
def test_sklearn_is_left_where_it_is_not_safe(body, why):
    with pytest.raises(NotPlaced, match=why):
        patched(body, line_of(body), "sklearn", sklearn_code(input_scaling.STANDARD))


def torch_code(*changes, loader=False) -> str:
    torch = pytest.importorskip("torch")
    from unstuck.frameworks.torch.cure import built

    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    own = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = torch.from_numpy(X.copy()).float() * 10, torch.from_numpy(Y.astype(np.int64))
    data = torch.utils.data.TensorDataset(x, y)
    given = (torch.utils.data.DataLoader(data, 32),) if loader else (x, y)
    subject = recognize(model, Given(*given, loss=torch.nn.CrossEntropyLoss(), optimizer=own))
    return built(subject, changes).code


def torch_accuracy(names: dict) -> float:
    import torch

    with torch.no_grad():
        return float((names["done"](names["X"]).argmax(1) == names["y"]).float().mean())


@pytest.mark.parametrize("name", scripts.TORCH)
def test_torch_loops(name):
    source = scripts.TORCH_HEAD + scripts.TORCH[name]
    loader = name not in ("whole batch", "slices")
    code = torch_code(input_scaling.PER_FEATURE, optimizer.ADAM, loader=loader)
    new = patched(source, line_of(source), "torch", code)
    only_added(source, new)
    before, after = done(source), done(new)
    assert type(after["done"][0]).__name__ == "Scaled"
    assert torch_accuracy(after) > max(0.8, torch_accuracy(before))
    with pytest.raises(NotPlaced, match="already"):
        patched(new, line_of(new), "torch", code)


LOGITS = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
        self.end = nn.LogSoftmax(dim=1)
    def forward(self, x):
        return self.end(self.layers(x))
def train(net, opt, data):
    for a, b in data:
        opt.zero_grad()
        loss = F.nll_loss(net(a), b)
        loss.backward()
        opt.step()  # <-
done = Net()
optimizer = optim.SGD(done.parameters(), lr=0.01)
for epoch in range(3):
    train(done, optimizer, loader)
"""


def test_a_loss_that_is_a_function_is_exchanged_where_it_is_called():
    source = scripts.TORCH_HEAD.replace("X * 1000", "X / 16") + LOGITS
    code = "import torch\n\nmodel.set_submodule('end', torch.nn.Identity())\n"
    code += "loss = torch.nn.CrossEntropyLoss()\n"
    code += "optimizer = torch.optim.Adam(model.parameters(), lr=0.01)\n"
    new = patched(source, line_of(source), "torch", code)
    only_added(source, new, changed=1)
    assert "        loss = loss_1(net(a), b)" in new
    assert "# outputs are logits now" in new
    names = done(new)
    assert type(names["done"].end).__name__ == "Identity"
    assert torch_accuracy(names) > 0.8
    inside = source.replace("done = Net()", "def main():\n    done = Net()")
    inside = inside.replace("\noptimizer = ", "\n    optimizer = ").replace(
        "\nfor epoch in range(3):\n    train(", "\n    for epoch in range(3):\n        train("
    )
    with pytest.raises(NotPlaced, match="function of its own"):
        patched(inside, line_of(inside), "torch", code)


def test_gradients_are_clipped_before_the_step():
    source = scripts.TORCH_HEAD + scripts.TORCH["loader"]
    new = patched(source, line_of(source), "torch", torch_code(gradient_clipping.CLIPPED))
    lines = [x.strip() for x in new.splitlines()]
    at = lines.index("torch.nn.utils.clip_grad_norm_(net.parameters(), 1)")
    assert lines[at - 1] == "loss.backward()"
    done(new)


def test_a_loader_that_did_not_shuffle():
    source = (scripts.TORCH_HEAD + scripts.TORCH["loader"]).replace(", shuffle=True", "")
    new = patched(source, line_of(source), "torch", torch_code(shuffling.SHUFFLED, loader=True))
    assert "loader = torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True)" in new
    names = done(new)
    assert type(names["loader"].sampler).__name__ == "RandomSampler"


SKORCH = """
import numpy as np, torch, skorch
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
X = (X * 1000).astype("float32")
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    def forward(self, x):
        return self.layers(x)
torch.manual_seed(0)
net = skorch.NeuralNetClassifier(Net, criterion=torch.nn.CrossEntropyLoss, verbose=0, lr=0.05,
    max_epochs=5, train_split=None, iterator_train__shuffle=True)
net.fit(X, y)  # <-
score = net.score(X, y)
"""


def test_skorch():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pytest.importorskip("skorch")
    from unstuck.frameworks.torch.cure import built

    before = done(SKORCH)
    fresh = before["skorch"].NeuralNetClassifier(
        before["Net"], criterion=before["torch"].nn.CrossEntropyLoss, verbose=0, lr=0.05,
        max_epochs=5, train_split=None, iterator_train__shuffle=True,
    )  # fmt: skip
    subject = recognize(fresh, Given(before["X"], before["y"]))
    code = built(subject, (input_scaling.STANDARD, optimizer.ADAM)).code
    new = patched(SKORCH, line_of(SKORCH), "torch", code)
    only_added(SKORCH, new)
    assert done(new)["score"] > max(0.8, before["score"])


LIGHTNING = """
import torch
import lightning as L
from torch.utils.data import DataLoader, TensorDataset
from sklearn.datasets import load_digits
X, y = load_digits(return_X_y=True)
X, y = torch.tensor(X * 1000).float(), torch.tensor(y)

class Digits(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Sequential(
            torch.nn.Linear(64, 32), torch.nn.Tanh(), torch.nn.Linear(32, 10))
    def training_step(self, batch, index):
        x, y = batch
        return torch.nn.functional.cross_entropy(self.net(x), y)
    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.01)

L.seed_everything(0)
module = Digits()
trainer = L.Trainer(max_epochs=4, logger=False, enable_checkpointing=False,
    enable_progress_bar=False, accelerator="cpu", enable_model_summary=False)
trainer.fit(module, DataLoader(TensorDataset(X, y), 32, shuffle=True))  # <-
with torch.no_grad():
    score = (module.net(X).argmax(1) == y).float().mean().item()
"""


def test_lightning():
    pytest.importorskip("lightning")
    from unstuck.frameworks.torch.cure import built

    before = done(LIGHTNING)
    loader = before["DataLoader"](before["TensorDataset"](before["X"], before["y"]), 32)
    subject = recognize(before["Digits"](), Given(loader))
    code = built(subject, (input_scaling.STANDARD, optimizer.ADAM)).code
    new = patched(LIGHTNING, line_of(LIGHTNING), "torch", code)
    assert done(new)["score"] > max(0.8, before["score"])


def test_keras():
    pytest.importorskip("keras")
    checks = Path(__file__).parent / "patch_checks.py"
    backend = {"KERAS_BACKEND": "torch", "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    run = subprocess.run(
        [sys.executable, checks], env=os.environ | backend, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-4000:]


def test_everything_else_stays_as_it_is():
    code = sklearn_code(input_scaling.STANDARD)
    source = "\ufeff# -*- coding: utf-8 -*-\r\n'''doc'''\r\nfrom __future__ import annotations\r\n"
    source += "import sklearn.neural_network as nn\r\n\r\ndef f(x, y):\r\n\tclf = nn.MLPClassifier("
    source += ")\r\n\tname = 'ä\u2028ö'  # ü\r\n\tclf.fit(x, y) # <-"
    new = patched(source, line_of(source), "sklearn", code)
    only_added(source, new)
    assert new.count("\n") == new.count("\r\n")
    assert not new.endswith("\n")
    kept = iter(new.split("\r\n"))
    assert all(line in kept for line in source.split("\r\n"))


@pytest.mark.skipif(shutil.which("git") is None, reason="git")
@pytest.mark.parametrize("path", ["train.py", "my scripts/träin.py"])
@pytest.mark.parametrize("end", ["\n", "", "\r\n"])
def test_diffs_are_taken_by_git(tmp_path, path, end):
    file = tmp_path / path
    file.parent.mkdir(exist_ok=True)
    old, new = f"a = 1\nb = '\x0c'{end}", f"import x\na = 1\nc = 2\nb = '\x0c'{end}"
    file.write_bytes(old.encode())
    (tmp_path / "fix.patch").write_bytes(diff(old, new, path).encode())
    subprocess.run(["git", "apply", "fix.patch"], cwd=tmp_path, check=True)
    assert file.read_bytes() == new.encode()
    assert diff(old, old, path) == ""
