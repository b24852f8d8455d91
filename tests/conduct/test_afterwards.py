"""What is told and written once a script has ended, however it leaves Python."""

import json
import re
import signal
import subprocess
import sys

import pytest

from script.running import python, unstuck_run

SCRIPT = """
import atexit, os, sys
import numpy as np
from sklearn.neural_network import MLPClassifier
x = np.random.default_rng(0).normal(size=(300, 8))
def fit():
    net = MLPClassifier((8,), solver="sgd", max_iter=3, random_state=0)
    print(net.fit(x * 300, x[:, 0] > 0).loss_)
"""
LIMITS = "import resource as r; fit(); r.setrlimit(r.{}, ({}, {}))"
# How a script ends, and what is told of it: of the last nothing can be.
MENDED = {
    "nowhere to import from": "fit(); sys.path.clear()",
    "calls that may not go deep": "fit(); sys.setrecursionlimit(60)",
}
BROKEN = {
    "no modules": ("fit(); sys.modules.clear()", "could not draw up what was found: "),
    "no open files": (LIMITS.format("RLIMIT_NOFILE", 3, 3), "found: OSError: .*Too many open"),
    "no function to write with": ("fit(); os.replace = None", "cannot write .*: TypeError: "),
    "no room in files": (LIMITS.format("RLIMIT_FSIZE", 9, 9), ""),
}


def ended(tmp_path, end, *options):
    (tmp_path / "s.py").write_text(f"{SCRIPT}{end}\n")
    alone = python(tmp_path, "s.py")
    run = unstuck_run(tmp_path, *options, "--json", "o.json", "s.py")
    assert run.out == alone.out
    return run


@pytest.mark.parametrize("name", MENDED)
def test_what_can_be_put_back_for_our_part_is(name, tmp_path):
    run = ended(tmp_path, MENDED[name])
    assert run.status == 10, run.err
    assert json.loads((tmp_path / "o.json").read_text())["subjects"]


def test_it_is_as_the_script_left_it_at_exit(tmp_path):
    says = "atexit.register(lambda: print(sys.path, sys.getrecursionlimit()))"
    assert ended(tmp_path, f"{says}; fit(); sys.path.clear(); sys.setrecursionlimit(300)").out


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limits")
@pytest.mark.parametrize("name", BROKEN)
def test_what_fails_is_told_in_a_line_and_is_no_success(name, tmp_path):
    end, says = BROKEN[name]
    run = ended(tmp_path, end)
    assert run.status == 3, run.err
    assert not (tmp_path / "o.json").exists()
    assert "Traceback" not in run.err
    assert "goes on" not in run.err
    assert re.search(says, run.err), run.err


def test_a_failure_is_no_success_where_nothing_is_to_be_written(tmp_path):
    (tmp_path / "s.py").write_text(f"{SCRIPT}fit(); sys.modules.clear()\n")
    assert unstuck_run(tmp_path, "s.py").status == 3


def test_a_training_at_exit_is_told_and_said_not_to_be_in_the_record(tmp_path):
    run = ended(tmp_path, "atexit.register(fit)")
    assert run.status == 0
    assert run.err.startswith("unstuck: no training seen before the script's end; what it trains")
    assert "unstuck: training at s.py, line 8\n" in run.err
    assert "unstuck: a training at exit is not in the record\n" in run.err
    assert json.loads((tmp_path / "o.json").read_text())["subjects"] == []


def test_what_a_library_does_at_exit_is_none_of_the_scripts(tmp_path):
    run = ended(tmp_path, "import logging, concurrent.futures, joblib")
    assert run.err.startswith("unstuck: no training seen, though sklearn was imported.")


@pytest.mark.skipif(sys.platform != "linux", reason="where memory is limited otherwise")
@pytest.mark.parametrize("command", ["diagnose --prove 2 {} s.py:net", "run --prove 2 {} s.py"])
def test_a_diagnosis_is_written_before_trials_that_end_the_process(command, tmp_path):
    (tmp_path / "s.py").write_text(
        f"{SCRIPT}import jax\n"
        "def net(): return MLPClassifier((8,)), x * 300, x[:, 0] > 0\n"
        "def abort(*args, **kwargs): os.abort()\n"
        "jax.jit = jax.lax.scan = jax.device_put = abort\n"
        "if __name__ == '__main__': fit()\n"
    )
    files = "--json o.json --html o.html"
    line = [sys.executable, "-m", "unstuck", *command.format(files).split()]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGABRT, done.stderr
    (subject,) = json.loads((tmp_path / "o.json").read_text())["subjects"]
    assert "input-spread" in [s["name"] for s in subject["report"]["suspects"]]
    assert "input-spread" in (tmp_path / "o.html").read_text()


@pytest.mark.parametrize("error", ["ImportError('no room')", "MemoryError", "OSError('no room')"])
def test_trials_that_cannot_be_run_are_told_in_words(error, tmp_path):
    (tmp_path / "s.py").write_text(
        f"{SCRIPT}import jax\n"
        "def net(): return MLPClassifier((8,)), x * 300, x[:, 0] > 0\n"
        f"def none(*args, **kwargs): raise {error}\n"
        "jax.jit = jax.lax.scan = jax.device_put = none\n"
    )
    line = [sys.executable, "-m", "unstuck", "diagnose", "--prove", "2", "--json", "o.json"]
    done = subprocess.run(
        [*line, "s.py:net"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(("unstuck: no trial could be run", "unstuck: not enough memory"))
    assert done.returncode not in (0, 10)
    assert json.loads((tmp_path / "o.json").read_text())["subjects"]
