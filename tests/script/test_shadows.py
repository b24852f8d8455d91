"""Files beside a script that are called as modules are: they do to it what they do under python."""

import re
import subprocess
import sys

import pytest

from script.running import PATIENCE_S, Ended, python, without_ours


@pytest.fixture(scope="module")
def unstuck(tmp_path_factory):
    """`unstuck` as it is installed: a file in a folder of its own, which python looks into
    first."""
    program = tmp_path_factory.mktemp("bin") / "unstuck"
    program.write_text("from unstuck.cli import main; main()")

    def command(folder, *arguments):
        done = subprocess.run(
            [sys.executable, program, *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return command


@pytest.fixture
def unstuck_run(unstuck):
    return lambda folder, *arguments: unstuck(folder, "run", *arguments)


BESIDE = {  # file beside the script -> the script
    "asyncio.py": "import asyncio\nasyncio.run",
    "concurrent.py": "import concurrent.futures",
    "concurrent.py ": "import asyncio",  # which takes from one of its modules
    "random.py  ": "import pydantic, multiprocessing.pool",  # of which one does
    "time.py": "import time\nprint(time.time() > 0)",  # which python has before it looks
    "random.py": "import random\nrandom.shuffle([1])",
    "random.py ": "import tempfile",  # which takes from random
    "typing.py": "import typing\ntyping.Any",
    "rich.py": "import rich\nrich.print",
    "rich/__init__.py": "import rich\nprint(rich.__name__)",
    "inspect.py": "print('not imported')",  # but by us
    "colorsys.py": "import colorsys\nprint(colorsys.MINE)",
}


@pytest.mark.parametrize("file", BESIDE)
def test_what_lies_beside_takes_the_place_that_python_gives_it(file, tmp_path, unstuck_run):
    (tmp_path / file.strip()).parent.mkdir(exist_ok=True)
    (tmp_path / file.strip()).write_text("MINE = 1\n")
    (tmp_path / "train.py").write_text(BESIDE[file])
    as_it_is, watched = (how(tmp_path, "train.py") for how in (python, unstuck_run))
    assert (watched.status, watched.out) == (as_it_is.status, as_it_is.out)
    assert without_ours(watched.err).strip() == as_it_is.err.strip()
    name = file.strip().removesuffix("/__init__.py")
    told = f"unstuck: {name} takes the place of" in watched.err
    assert told == (name != "time.py")


def test_a_script_that_is_called_as_a_module_is(tmp_path, unstuck_run):
    (tmp_path / "random.py").write_text("import tempfile")
    as_it_is, watched = (how(tmp_path, "random.py") for how in (python, unstuck_run))
    assert watched.status == as_it_is.status == 1
    assert without_ours(watched.err).strip() == as_it_is.err.strip()


def test_a_training_is_told_of_with_a_file_called_as_what_draws_it(tmp_path, unstuck_run):
    (tmp_path / "rich.py").write_text("MINE = 1")
    (tmp_path / "train.py").write_text(
        "import numpy as np, rich\n"
        "from sklearn.neural_network import MLPClassifier\n"
        "MLPClassifier((4,), max_iter=2).fit(np.eye(40, 3) * 1e4, np.arange(40) % 2)\n"
        "print(rich.MINE)\n"
    )
    watched = unstuck_run(tmp_path, "train.py")
    assert watched.out == "1\n"
    assert "could not" not in watched.err
    assert "training at train.py, line 3" in watched.err


SKLEARN = """
import numpy as np
from sklearn.neural_network import MLPClassifier
x = np.random.default_rng(0).normal(size=(300, 8)) * 300
def net():
    return MLPClassifier((8,), solver="sgd", max_iter=3), x, x[:, 0] > 0
if __name__ == "__main__":
    net()[0].fit(*net()[1:])
"""
TORCH = """
import sys, torch
from torch import nn
torch.manual_seed(0)
x = torch.randn(200, 8) * 300
y = (x[:, 0] > 0).long()
model = nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for _ in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
print("scipy" in sys.modules, sys.path[0])
"""
OURS = {  # what we import for ourselves and the script does not -> the script, and our options
    "scipy": (TORCH, ["run", "--html", "p.html"], "train.py"),
    "scipy, which it imports later": (TORCH + "import sklearn.svm", ["run"], "train.py"),
    "matplotlib": (SKLEARN, ["run", "--html", "p.html"], "train.py"),
    "jinja2": (SKLEARN, ["run", "--html", "p.html"], "train.py"),
    "html": (SKLEARN, ["diagnose", "--html", "p.html"], "train.py:net"),
    "jax": (SKLEARN, ["diagnose", "--prove", "2"], "train.py:net"),
    "optax": (SKLEARN, ["diagnose", "--prove", "2"], "train.py:net"),
}


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.acceptance] * (n == "optax")) for n in OURS]
)
def test_what_we_need_is_never_the_file_beside(name, tmp_path, unstuck):
    script, command, target = OURS[name]
    (tmp_path / "train.py").write_text(script)
    beside = name.partition(",")[0]
    (tmp_path / f"{beside}.py").write_text("print('theirs')\n")
    as_it_is = python(tmp_path, "train.py")
    watched = unstuck(tmp_path, *command, target)
    assert watched.status == (as_it_is.status or (10 if command[0] == "run" else 0)), watched.err
    if command[0] == "run":
        assert watched.out == as_it_is.out
    both = watched.out + watched.err
    assert both.count("theirs") == as_it_is.out.count("theirs")
    assert ("unstuck proof" in both) == ("--prove" in command)
    assert ("Traceback" in both) == bool(as_it_is.status)
    assert "input" in both  # it was looked at
    assert (tmp_path / "p.html").exists() == ("p.html" in command)
    told = f"unstuck: {beside}.py takes the place of" in watched.err
    assert told == ("theirs" in as_it_is.out)


@pytest.mark.parametrize("name", ["random", "concurrent", "typing"])
def test_a_target_fails_of_it_as_it_does_under_python(name, tmp_path, unstuck):
    (tmp_path / f"{name}.py").write_text("MINE = 1\n")
    (tmp_path / "made.py").write_text(SKLEARN)
    as_it_is = python(tmp_path, "made.py")
    for target in ("made.py:net", "made:net"):
        done = unstuck(tmp_path, "diagnose", target)
        assert (as_it_is.status, done.status) == (1, 2)
        for err in (as_it_is.err, done.err):  # of which import first, they need not agree
            assert re.search(rf"(Module|Import)\w*Error: .*'{name}'", err), err
        assert f"unstuck: {name}.py takes the place of Python's own module {name}" in done.err
        assert "Traceback" not in done.err


def test_a_module_that_is_run_fails_of_it_too(tmp_path, unstuck_run):
    (tmp_path / "random.py").write_text("MINE = 1\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "__init__.py").write_text("import random\nprint(random.MINE)\n")
    (tmp_path / "package" / "__main__.py").write_text("import random\nrandom.shuffle([1])\n")
    as_it_is, watched = (how(tmp_path, "-m", "package") for how in (python, unstuck_run))
    assert (watched.status, watched.out) == (as_it_is.status, as_it_is.out) == (1, "1\n")
    assert watched.err.count("random.py takes the place of") == 1


def test_scripts_that_we_start_ourselves_are_no_exception(tmp_path, unstuck):
    """Each run of a comparison is a process of ours, started in the scripts' folder."""
    (tmp_path / "html.py").write_text("print('theirs')\n")
    (tmp_path / "first.py").write_text(SKLEARN)
    (tmp_path / "second.py").write_text(SKLEARN.replace(" * 300", ""))
    (tmp_path / "typer.py").write_text("raise SystemExit(5)\n")
    done = unstuck(tmp_path, "compare", "--budget", "6", "first.py", "second.py")
    assert (done.status, "Traceback" in done.err) == (0, False), done.err
