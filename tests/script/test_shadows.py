"""Files beside a script that are called as modules are: they do to it what they do under python."""

import subprocess
import sys

import pytest

from script.running import PATIENCE_S, Ended, python, without_ours


@pytest.fixture(scope="module")
def unstuck_run(tmp_path_factory):
    """`unstuck run` as it is installed: a file in a folder of its own, which python looks into
    first."""
    program = tmp_path_factory.mktemp("bin") / "unstuck"
    program.write_text("from unstuck.cli import main; main()")

    def run(folder, *arguments):
        done = subprocess.run(
            [sys.executable, program, "run", *arguments],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


BESIDE = {  # file beside the script -> the script
    "asyncio.py": "import asyncio\nasyncio.run",
    "random.py": "import random\nrandom.shuffle([1])",
    "random.py ": "import tempfile",  # which takes from random
    "typing.py": "import typing\ntyping.Any",
    "rich.py": "import rich\nrich.print",
    "rich/__init__.py": "import rich\nprint(rich.__name__)",
    "json.py": "print('not imported')",
    "colorsys.py": "import colorsys\nprint(colorsys.MINE)",  # which we do not import
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
    assert told == (name != "colorsys.py")


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
