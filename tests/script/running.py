"""Runs a script in a process of its own: as `python` does, and under `unstuck run`."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass

PATIENCE_S = 900
COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()", "run"]


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


def python(folder, *arguments, stdin="", **environment):
    """The script as it is without us."""
    return _ended([sys.executable, *map(str, arguments)], folder, stdin, environment)


def unstuck_run(folder, *arguments, stdin="", **environment):
    """The same under `unstuck run`."""
    return _ended([*COMMAND, *map(str, arguments)], folder, stdin, environment)


def without(module, folder):
    """The environment in which a module is not there, told by a file in the folder.

    Keras imports TensorFlow, which takes seconds, on whatever backend to seed it.
    """
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(f"raise ImportError('no {module} here')\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def bootstrapped(folder, code, *arguments):
    """`unstuck run` after some code of a test's."""
    command = [sys.executable, "-c", f"{code}\nfrom unstuck.cli import main; main()", "run"]
    return _ended([*command, *map(str, arguments)], folder, "", {})


def _ended(command, folder, stdin, environment):
    done = subprocess.run(
        command,
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env=os.environ | environment,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def without_ours(err):
    """stderr less the lines of ours that a run without trainings has; the last may be several."""
    rest = re.sub(r"^unstuck: no training seen.*?noted\(loss\)\n", "", err, flags=re.M | re.S)
    return "".join(
        line for line in rest.splitlines(keepends=True) if not line.startswith("unstuck: ")
    )
