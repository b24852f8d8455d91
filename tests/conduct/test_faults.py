"""Disks that are full, memory that does not suffice, clocks that jump: said, never traced."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import unstuck
from script.running import COMMAND, bootstrapped, python, unstuck_run
from unstuck.commands.output import UNWRITTEN

full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
posix = pytest.mark.skipif(os.name != "posix", reason="no limits to set")
SCRIPT = """
import numpy as np
from sklearn.neural_network import MLPClassifier

x = np.random.default_rng(0).normal(size=(300, 8))
def net():
    return MLPClassifier((8,), solver="sgd", max_iter=3), x * 300, x[:, 0] > 0
if __name__ == "__main__":
    net()[0].fit(*net()[1:])
"""
ALL_FULL = ["--json", "/dev/full", "--html", "/dev/full", "--sarif", "/dev/full"]
ONE_CASE = ["cases", "run", "same-scale-features", "--seeds", "1", "--epochs", "1"]
WRITES = {  # what is given, the outputs that can be written, and what is told nevertheless
    "run, none": (["run", *ALL_FULL, "s.py"], [], "input"),
    "run": (
        ["run", "--json", "/dev/full", "--html", "p", "--sarif", "s", "s.py"],
        ["p", "s"],
        "in",
    ),
    "diagnose": (["diagnose", "s.py:net", "--json", "/dev/full", "--html", "p"], ["p"], "input"),
    "diagnose, the last": (["diagnose", "s.py:net", "--html", "/dev/full"], [], "input"),
    "batch": (["batch", "--json", "/dev/full", "--html", "p", "s.py"], ["p"], "targets"),
    "compare": (["compare", "--budget", "4", "--json", "/dev/full", "s.py", "t.py"], [], "skill"),
    "cases run": (
        [*ONE_CASE, "--store", "x", "--json", "/dev/full", "--markdown", "m", "--html", "pages"],
        ["m", "pages/index.html", "pages/same-scale-features.html"],
        "same-scale-features",
    ),
    "causes": (["causes", "--markdown", "/dev/full"], [], ""),
    "demo": (["demo", "--html", "/dev/full"], [], "input"),
}
LONG = {"demo", "causes"}  # a minute
PRINTS = (["schema"], ["causes"], ["cases", "list"], ["--help"], ["show", "run.json"])


@full
@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=[pytest.mark.acceptance] * (c in LONG)) for c in WRITES]
)
def test_what_could_not_be_written_is_no_success(command, tmp_path):
    arguments, others, told = WRITES[command]
    (tmp_path / "s.py").write_text(SCRIPT)
    (tmp_path / "t.py").write_text(SCRIPT.replace(" * 300", ""))
    done = subprocess.run(
        [*COMMAND[:-1], *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3, done.stderr
    assert "cannot write /dev/full: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert told in done.stdout + done.stderr
    assert [name for name in others if not (tmp_path / name).stat().st_size] == []


@full
@pytest.mark.parametrize("command", PRINTS, ids=" ".join)
def test_what_could_not_be_printed_is_no_success(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if command[0] == "show":
        (tmp_path / "s.py").write_text(SCRIPT)
        assert unstuck_run(tmp_path, "--json", "run.json", "s.py").status == 10
    with open("/dev/full", "w") as nowhere:
        done = subprocess.run(
            [*COMMAND[:-1], *command],
            stdout=nowhere,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (
        3,
        "unstuck: cannot write what was found: No space left on device\n",
    )


@posix
def test_a_file_that_may_not_be_so_long_is_left_as_it_was(tmp_path):
    (tmp_path / "old.json").write_text("old")
    code = (
        "import resource\nfrom pathlib import Path\n"
        "from unstuck.errors import NotWritten\nfrom unstuck.report.writing import write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, 1_000))\n"
        "try:\n    write(Path('old.json'), 'x' * 10_000)\n"
        "except NotWritten as error:\n    print(error.seen)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout == "cannot write old.json: File too large\n"
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"old.json": "old"}


@posix
def test_memory_that_suffices_for_the_script_alone(tmp_path):
    """The script's outcome is python's."""
    (tmp_path / "s.py").write_text(
        "import resource, numpy as np\nfrom sklearn.neural_network import MLPClassifier\n"
        + SCRIPT.split("\n\n", 1)[1].split("if __")[0]
        + "model, x, y = net()\n"
        "with open('/proc/self/statm') as pages:\n"
        "    now = int(pages.read().split()[0]) * resource.getpagesize()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (now + 2**20, -1))\n"
        "print(model.fit(x, y).n_iter_)\n"
    )
    as_it_is, watched = (how(tmp_path, "s.py") for how in (python, unstuck_run))
    assert (as_it_is.status, as_it_is.out) == (0, "3\n")
    assert watched.out == as_it_is.out
    if watched.status not in (0, 10):  # where not even the words fit
        assert watched.status == UNWRITTEN
        assert "could not tell what was found: MemoryError" in watched.err


def test_no_duration_is_taken_from_a_clock_that_can_be_set():
    """`time.time` jumps when clocks are set; a date is only ever written down. The leases of trials
    are read by other processes: one that ends early costs a trial that is run twice."""
    wall = re.compile(r"\btime\.time\b|\bdatetime\.(now|utcnow|today)\b|\bdate\.today\b")
    used = {
        str(file.relative_to(root))
        for root in [Path(unstuck.__file__).parent]
        for file in root.rglob("*.py")
        if wall.search(ast.unparse(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert used <= {"records/origin.py", "cases/run.py", "trials/store.py", "trials/claims.py"}


def test_a_proof_under_a_clock_that_jumps(tmp_path):
    (tmp_path / "s.py").write_text(SCRIPT)
    jumping = (
        "import itertools, time\n"
        "steps = itertools.cycle([0, 1e9, -1e9, 3600])\n"
        "time.time = lambda: 1.7e9 + next(steps)"
    )
    done = bootstrapped(tmp_path, jumping, "--prove", "3", "--verbose", "s.py")
    assert done.status in (0, 10, 11), done.err
    assert "could not" not in done.err
    assert "unstuck proof" in done.err
