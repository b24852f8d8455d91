"""The guard for the world: a hundred things of a process are as they were, after every public call
and in a script under `unstuck run`.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conduct.world import moved, world
from guards.test_plugin import run
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
    left = [line for line in done.stdout.splitlines() if not _is_registered(line)]
    assert left == []


def _is_registered(line: str) -> bool:
    """Whether "…: what moved: how" is what the table above says, and nothing else besides."""
    if line.split(": ")[1] not in REGISTERED:
        return False
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
x, y = torch.as_tensor(X), torch.as_tensor(Y)
def train():
    for _ in range(5):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
""",
    "torch loaders": """
import threading
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
data = TensorDataset(torch.as_tensor(X), torch.as_tensor(Y))
loader = DataLoader(data, 32, shuffle=True)
apart = DataLoader(data, 100, shuffle=True, num_workers=1)
model = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), 0.1)
def train():
    for batches in (loader, apart):
        for x, y in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
    for thread in threading.enumerate():  # torch tells it to end, and does not wait
        if thread.name == "QueueFeederThread":
            thread.join()
""",
    "jax": """
import jax, jax.numpy as jnp
key = jax.random.PRNGKey(0)
w = jax.random.normal(key, (8, 2)) * 0.1
def loss(w, x, y):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(x @ w), y[:, None], 1))
def train():
    global w
    step = jax.jit(jax.value_and_grad(loss))
    for _ in range(5):
        value, grads = step(w, X, Y)
        w = w - 0.1 * grads
""",
    "keras": """
import keras
import tensorflow as tf  # which Keras seeds; its generator starts anywhere
tf.random.set_global_generator(tf.random.Generator.from_seed(1))
keras.utils.set_random_seed(5)
layers = keras.layers
model = keras.Sequential([layers.Dense(8, "relu"), layers.Dropout(0.1), layers.Dense(2, "softmax")])
model.compile("sgd", "sparse_categorical_crossentropy")
def train():
    model.fit(X, Y, epochs=2, verbose=0)
""",
    "skorch": """
import torch
from torch import nn
from skorch import NeuralNetClassifier
torch.manual_seed(0)
def train():
    made = nn.Sequential(nn.Linear(8, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2))
    NeuralNetClassifier(made, criterion=nn.CrossEntropyLoss, max_epochs=2, verbose=0).fit(X, Y)
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
import atexit, re
tell("before")
train()
tell("after")
atexit.register(tell, "ended")
"""
# What an import registers is told above; of a script that has ended, Python takes its file's name.
NOT_AT_ITS_END = ("ended python at exit ", "ended python main ")
# What a run has to leave in a script's world so that trainings are seen; and what differs between
# any two processes.
SEEN_BY = [
    r"<wrapt.importer.ImportHookFinder object at 0x[0-9a-f]+>, ",
    r"[0-9]+: <bound method (Tape|Loops)\S+ of <unstuck\S+ object at 0x[0-9a-f]+>>",
    r"[0-9]+: True",
    r"\('ignore', re.compile\('Using `torch.compile[^)]*\), <class 'UserWarning'>, None, 0\), ",
    r" at 0x[0-9a-f]+|pipe:.[0-9]+.",
    r"<absl.flags._flagvalues.ReloadDetector object>, |<function _xla_gc_callback>",
]
RUNS = {  # framework -> options of a run, before the script
    **{(framework, ""): () for framework in SCRIPTS},
    **{(framework, "--prove"): ("--prove", "3") for framework in SCRIPTS},
    ("sklearn", "-m"): ("-m",),
}
LONG = {run for run in RUNS if run[0] in ("keras", "skorch") or run[1] == "--prove"}
LONG -= {("sklearn", "--prove")}


@pytest.mark.parametrize(
    ("framework", "option"),
    [pytest.param(*run, marks=[pytest.mark.acceptance] * (run in LONG)) for run in RUNS],
)
def test_a_script_sees_the_same_world_under_a_run(framework, option, tmp_path):
    script = AROUND.format(here=str(HERE), script=SCRIPTS[framework], seen_by=SEEN_BY)
    (tmp_path / "s.py").write_text(script)
    module = ("-m", "s") if option == "-m" else ("s.py",)
    backend = {"KERAS_BACKEND": "torch"}
    as_it_is = python(tmp_path, *module, **backend)
    watched = unstuck_run(tmp_path, *RUNS[framework, option], module[-1], **backend)
    assert as_it_is.status == 0, as_it_is.err
    assert watched.status in (0, 10, 11), watched.err
    assert "unstuck: training at s.py" in watched.err
    theirs, ours = (
        {line for line in run.out.splitlines() if not line.startswith(NOT_AT_ITS_END)}
        for run in (as_it_is, watched)
    )
    libraries = {tuple(line.split()[:2]) for line in theirs}  # when, and of what
    new = {
        line
        for line in ours - theirs
        if tuple(line.split()[:2]) not in libraries or " python loggers: " in line
    }
    assert sorted(theirs ^ (ours - new)) == []


CELLS = (
    "import sys\nsys.path.insert(1, {here!r})\nfrom world import moved, world",
    "import numpy as np\nX = np.random.default_rng(0).normal(size=(300, 8)) * 200\nY = X[:, 0] > 0",
    SCRIPTS["sklearn"],
    "import warnings\nwarnings.simplefilter('ignore')\nbefore = world()",
    "train()",
    "for thing, how in moved(before, world()).items():\n    print(f'notebook: {{thing}}: {{how}}')",
)


def test_a_notebook_sees_none_of_it(tmp_path):
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("IPython")
    new = nbformat.v4
    cells = [new.new_code_cell(cell.format(here=str(HERE))) for cell in CELLS]
    nbformat.write(new.new_notebook(cells=cells), tmp_path / "n.ipynb")
    watched = unstuck_run(tmp_path, "n.ipynb")
    assert watched.status == 10, watched.err
    assert [line for line in watched.out.splitlines() if not _is_registered(line)] == []


FIXTURE = """
import sys
import numpy as np
sys.path.insert(1, {here!r})
from world import moved, world
{script}
X = np.random.default_rng(0).normal(size=(300, 8)).astype("f4")
Y = (X[:, 0] > 0).astype("i8")

def test_it(unstuck):
    before = world()
    unstuck.{call}({given}, within=20)
    for thing, how in moved(before, world()).items():
        print(f"moved: {{thing}}: {{how}}")
"""
FIXTURES = {
    "sklearn": (
        "from sklearn.neural_network import MLPClassifier",
        "MLPClassifier((8,), learning_rate_init=0.1), X, Y",
    ),
    "torch": (
        "import torch\nfrom torch import nn\nmodel = nn.Sequential(nn.Linear(8, 8), nn.ReLU(),"
        " nn.Linear(8, 2))\nsgd = torch.optim.SGD(model.parameters(), 0.5)",
        "loss=nn.CrossEntropyLoss(), optimizer=sgd, model=model, x=X, y=Y",
    ),
}


@pytest.mark.parametrize("framework", FIXTURES)
@pytest.mark.parametrize("call", ["learns", pytest.param("fits", marks=pytest.mark.acceptance)])
def test_a_test_sees_none_of_it(framework, call, tmp_path):
    script, given = FIXTURES[framework]
    code = FIXTURE.format(here=str(HERE), script=script, given=given, call=call)
    done = run(tmp_path, code, "-rA")
    assert done.returncode == 0, done.stdout
    told = [line for line in done.stdout.splitlines() if line.startswith("moved: ")]
    assert [line for line in told if not _is_registered(line)] == []
