"""The guard for the world: a hundred things of a process are as they were, after every public call
and in a script under `unstuck run`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conduct.world import moved, world
from script.running import PATIENCE_S, python, unstuck_run

HERE = Path(__file__).parent
# What libraries register when they are first imported, and need from then on.
REGISTERED = {
    "python at exit": "JAX and matplotlib put their own affairs in order",
    "python gc": "JAX's callback, which lets XLA free what is garbage",
    "python meta path": "absl's, which sees whether it is imported twice",
    "python open files": "matplotlib's fonts",
}


def test_the_guard_sees_what_is_moved(monkeypatch):
    """Each of some things of each kind, moved by hand."""
    before = world()
    assert len(before) > 60
    assert moved(before, world()) == {}
    monkeypatch.setenv("MOVED", "1")
    monkeypatch.setattr(sys, "excepthook", print)
    monkeypatch.setattr(sys, "argv", ["other"])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit + 1)
    try:
        seen = moved(before, world())
    finally:
        sys.setrecursionlimit(limit)
    assert set(seen) == {
        "python environment: names",
        "python excepthook",
        "python argv",
        "python recursion limit",
    }


@pytest.mark.parametrize("framework", ["sklearn", "torch", "keras"])
def test_no_public_call_moves_the_world(framework):
    done = subprocess.run(
        [sys.executable, HERE / "calls.py", framework],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    left = [
        line
        for line in done.stdout.splitlines()
        if not (line.split(": ")[1] in REGISTERED and _is_registered(line))
    ]
    assert left == []


def _is_registered(line: str) -> bool:
    """Whether it is what the table above says, and nothing else besides."""
    marks = ("_xla_gc_callback", "ReloadDetector", "matplotlib/mpl-data/fonts", "at exit")
    return any(mark in line for mark in marks)


SCRIPTS = {
    "sklearn": """
from sklearn.neural_network import MLPClassifier
def train():
    MLPClassifier((8,), solver="sgd", max_iter=3, random_state=0).fit(X, Y)
""",
    "torch": """
import torch
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
def train():
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.as_tensor(X)), torch.as_tensor(Y)).backward()
        optimizer.step()
""",
}
AROUND = """
import random, sys, warnings
sys.path.insert(1, {here!r})
warnings.simplefilter("ignore")
import numpy as np
from world import world
random.seed(1), np.random.seed(2)
X = np.random.default_rng(0).normal(size=(300, 8)).astype("f4") * 200
Y = (X[:, 0] > 0).astype("i8")
{script}
def tell(when):
    for name, value in world().items():
        text = repr(value)
        for ours in {seen_by!r}:
            text = re.sub(ours, "", text)
        print(when, name, text)
import re
tell("before")
train()
tell("after")
"""
# What a run has to leave in a script's world so that trainings are seen; and what differs between
# any two processes.
SEEN_BY = [
    r"<wrapt.importer.ImportHookFinder object at 0x[0-9a-f]+>, ",
    r"[0-9]+: <bound method (Tape|Loops)\S+ of <unstuck\S+ object at 0x[0-9a-f]+>>",
    r"[0-9]+: True",
    r"\('ignore', re.compile\('Using `torch.compile[^)]*\), <class 'UserWarning'>, None, 0\), ",
    r" at 0x[0-9a-f]+|pipe:.[0-9]+.",
]


@pytest.mark.parametrize("framework", SCRIPTS)
def test_a_script_sees_the_same_world_under_a_run(framework, tmp_path):
    script = AROUND.format(here=str(HERE), script=SCRIPTS[framework], seen_by=SEEN_BY)
    (tmp_path / "s.py").write_text(script)
    as_it_is, watched = (how(tmp_path, "s.py") for how in (python, unstuck_run))
    assert as_it_is.status == 0, as_it_is.err
    theirs, ours = (set(run.out.splitlines()) for run in (as_it_is, watched))
    assert sorted(theirs ^ ours) == []
