"""The scripts of the published cases, run under `unstuck run` on reduced data, each in a process.

What is right for a script is in `SCRIPTS`, by backend where backends differ, and why.
"""

import json
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .keras_home import keras_home
from .running import python, unstuck_run

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "cases"
BACKENDS = ("jax", "torch", "tensorflow")
TEST_IMAGES = 1_000


@dataclass(frozen=True)
class Script:
    """One script.

    Args:
        case: its number.
        kind: how the pixels go in.
        arguments: of the script, for fewer epochs.
        images: for training; those held out by the script among them.
    """

    case: int
    kind: str
    arguments: tuple = ()
    images: int = 6_000

    @property
    def raw(self):
        return self.kind in ("raw", "sigmoid_raw", "relu_raw")

    @property
    def file(self):
        return f"case_{self.case}_{self.kind}.py"


SCRIPTS = (
    Script(1, "relu_raw"),
    Script(1, "relu_scaled", ("8",)),
    Script(2, "raw", images=11_000),
    Script(2, "scaled", images=11_000),
    Script(3, "raw"),
    Script(3, "divided_by_255"),
    Script(4, "raw"),
    Script(4, "scaled"),
    Script(3, "divided_by_1000"),
    Script(1, "sigmoid_raw", ("20",)),
)


@dataclass(frozen=True)
class Done:
    """What came of a run.

    Args:
        status: exit status.
        subject: the only one of the record.
        err: what was told.
        accuracy: that the script printed.
        patched: the same of the copy with the patch in it, run by Python alone; None without one.
        seconds: of the run under `unstuck run`.
    """

    status: int
    subject: dict
    err: str
    accuracy: float
    patched: float | None
    seconds: float


def run(script, backend, seconds, folder):
    """Runs a script, and its patched copy if a patch is written.

    Args:
        seconds: for the proof.
        folder: an empty one, to work in.
    """
    home = folder / "keras"
    if not home.exists():
        keras_home(home, script.images, TEST_IMAGES)
    environment = {"KERAS_HOME": str(home), "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    (folder / "train.py").write_text((FOLDER / script.file).read_text("utf-8"), "utf-8")
    options = ["--prove", seconds, "--json", "o.json"]
    if script.raw:
        options += ["--patch", "p.diff"]
    began = time.perf_counter()
    ended = unstuck_run(folder, *options, "train.py", *script.arguments, **environment)
    took = time.perf_counter() - began
    record = folder / "o.json"
    if not record.exists():
        raise RuntimeError(ended.err)
    (subject,) = json.loads(record.read_text("utf-8"))["subjects"]
    patched = None
    if (folder / "p.diff").exists():
        subprocess.run(["git", "apply", "p.diff"], cwd=folder, check=True, capture_output=True)
        patched = _accuracy(python(folder, "train.py", *script.arguments, **environment).out)
    return Done(ended.status, subject, ended.err, _accuracy(ended.out), patched, took)


def _accuracy(out):
    """The last one printed, as each of the askers prints it."""
    return float(re.findall(r"(?:accuracy: |, )([01]\.\d+)\]?\s*$", out, re.MULTILINE)[-1])
