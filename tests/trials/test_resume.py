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

SEEDS = 24
TOTAL = 2 * SEEDS
PATIENCE_S = 60.0


def wait(condition, what):
    """Polls until the condition holds."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, f"no {what} within {PATIENCE_S:g} s"
        time.sleep(0.01)


class Study:
    """One start of the study, in a process group of its own, as from a terminal."""

    def __init__(self, path):
        self.mark = f"UNSTUCK_TEST={uuid4()}"
        name, value = self.mark.split("=")
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("digits_study.py")), path, str(SEEDS)],
            env={
                **os.environ,
                name: value,
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
        return self.living("spawn_main")

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


def test_a_study_survives_what_can_befall_it(path):
    seen = {}

    def start_and_wait(more):
        study = Study(path)
        wait(lambda: len(rows(path)) >= len(seen) + more, f"{more} more trials")
        return study

    def check_kept():
        """All that was stored still is, unchanged."""
        nonlocal seen
        now = rows(path)
        assert seen.items() <= now.items()
        assert len(seen) < len(now) < TOTAL
        seen = now

    # kill -9 of the whole program, which can tidy up nothing: its workers end by themselves.
    study = start_and_wait(4)
    study.process.kill()
    status, _ = study.end()
    assert status == -signal.SIGKILL
    check_kept()

    # Ctrl-C, which a terminal sends to the whole group.
    study = start_and_wait(4)
    os.killpg(study.process.pid, signal.SIGINT)
    status, stderr = study.end()
    assert status == 130
    check_kept()
    assert f"interrupted: {len(seen)} of {TOTAL} trials are stored in {path}" in stderr
    assert "Traceback" not in stderr

    # The next start runs what is missing, and that alone.
    status, stderr = Study(path).end()
    assert status == 0
    assert stderr.startswith(f"{len(seen)} of {TOTAL} trials ({len(seen)} from the store)")
    assert seen.items() <= rows(path).items()
    with Store(path) as store:
        assert len(store) == TOTAL


def test_ctrl_c_while_workers_start(path):
    study = Study(path)
    wait(study.workers, "worker")
    os.killpg(study.process.pid, signal.SIGINT)
    status, stderr = study.end()
    assert status == 130
    assert f"interrupted: 0 of {TOTAL} trials" in stderr
    assert "Traceback" not in stderr
