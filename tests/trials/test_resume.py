"""A real study on the digits is killed, interrupted and resumed; no finished trial is lost."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from unstuck.trials.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")

SEEDS = 12
TOTAL = 2 * SEEDS
PATIENCE_S = 300.0


def wait(condition, what):
    """Polls until the condition holds."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"no {what} within {PATIENCE_S:g} s"
        time.sleep(0.01)


class Study:
    """One start of the study, in a process group of its own, as from a terminal."""

    def __init__(self, path, on="processes"):
        self.on = on
        self.mark = f"UNSTUCK_TEST={uuid4()}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("digits_study.py"), path, str(SEEDS), on],
            env={
                **os.environ,
                name: value,
                "RAY_USAGE_STATS_ENABLED": "0",
                # Spares the later starts most of the compilation.
                "JAX_COMPILATION_CACHE_DIR": str(path.with_name("compiled")),
                "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            },
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def living(self, command=""):
        """Process ids of this start and all that it brought forth, by a word of the command."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                ours = self.mark in (folder / "environ").read_text(errors="replace")
                if ours and command in (folder / "cmdline").read_text():
                    found.append(int(folder.name))
            except OSError:
                pass  # ended meanwhile
        return found

    def workers(self):
        return self.living({"processes": "spawn_main", "ray": "ray::_called"}[self.on])

    def end(self):
        """Exit status and stderr, once the whole family has ended."""
        _, stderr = self.process.communicate(timeout=PATIENCE_S)
        wait(lambda: not self.living(), "end of the workers")
        return self.process.returncode, stderr


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trials.sqlite"


def rows(path):
    """Keys with their times of creation, read past the program's own code."""
    if not path.exists():
        return {}
    connection = sqlite3.connect(path, timeout=30)
    try:
        return dict(connection.execute("SELECT key, created || record FROM trials"))
    except sqlite3.OperationalError:  # no table yet
        return {}
    finally:
        connection.close()


def started(path, on, stored):
    """A start that has stored so many trials more."""
    study = Study(path, on)
    wait(lambda: len(rows(path)) >= stored, f"{stored} trials")
    return study


def check_kept(path, before):
    """All that was stored still is, unchanged; more was, and not all."""
    now = rows(path)
    assert before.items() <= now.items()
    assert len(before) < len(now) < TOTAL
    return now


RAY = pytest.param("ray", marks=pytest.mark.acceptance)  # a minute and more, of starting it twice


@pytest.mark.parametrize("on", ["processes", RAY])
def test_kill_9_of_anything_loses_no_finished_trial(path, on):
    if on == "ray":
        pytest.importorskip("ray")
    # Of the whole program, which can tidy up nothing: its workers end by themselves.
    study = started(path, on, 4)
    study.process.kill()
    status, _ = study.end()
    assert status == -signal.SIGKILL
    seen = check_kept(path, {})

    # Of a worker: its pack is run by another, and the study goes on. It is what is missing alone.
    study = started(path, on, len(seen) + 4)
    os.kill(study.workers()[0], signal.SIGKILL)
    status, stderr = study.end()
    assert status == 0, stderr
    assert f"{len(seen)} of {TOTAL} trials ({len(seen)} from the store)" in stderr
    assert seen.items() <= rows(path).items()
    with Store(path) as store:
        assert len(store) == TOTAL
        assert store._connection.execute("SELECT name FROM sqlite_master").fetchall() == [
            ("trials",),
            ("sqlite_autoindex_trials_1",),
            ("claims",),
            ("sqlite_autoindex_claims_1",),
        ]  # no trial failed
        assert store._connection.execute("SELECT count(*) FROM claims").fetchone() == (0,)


def test_ctrl_c_and_a_second_start(path):
    # Ctrl-C, which a terminal sends to the whole group.
    study = started(path, "processes", 4)
    os.killpg(study.process.pid, signal.SIGINT)
    status, stderr = study.end()
    assert status == 130
    seen = check_kept(path, {})
    assert f"interrupted: {len(seen)} of {TOTAL} trials are stored in {path}" in stderr
    assert "Traceback" not in stderr

    # Two starts at one store; what was begun by the one that is killed, the other does.
    one = started(path, "processes", len(seen) + 2)
    other = Study(path)
    # Where the one has taken all that is left, the other has nothing to do until that is dead.
    wait(lambda: other.workers() or one.process.poll() is not None, "worker")
    one.process.kill()
    assert one.end()[0] in (-signal.SIGKILL, 0)
    status, stderr = other.end()
    assert status == 0, stderr
    assert seen.items() <= rows(path).items()
    assert len(rows(path)) == TOTAL


def test_ctrl_c_while_workers_start(path):
    study = Study(path)
    wait(study.workers, "worker")
    os.killpg(study.process.pid, signal.SIGINT)
    status, stderr = study.end()
    assert status == 130
    assert f"interrupted: 0 of {TOTAL} trials" in stderr
    assert "Traceback" not in stderr
