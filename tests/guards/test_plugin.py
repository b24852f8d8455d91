"""The plugin in real runs of pytest, in a project of somebody's."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Known from an installation on; from its source alone it is named.
NAMED = [] if entry_points(group="pytest11", name="unstuck") else ["-p", "unstuck.guards.plugin"]
TESTS = """
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

X, Y = load_digits(return_X_y=True)

def test_model(unstuck):
    net = MLPClassifier((16,), learning_rate_init=RATE)
    unstuck.learns(net, X / 16, Y, within=200)
"""


def environment() -> dict[str, str]:
    """For a pytest of its own, within this one."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}


def run(
    folder: Path, code: str, *options: str, named: list[str] = NAMED
) -> subprocess.CompletedProcess:
    (folder / "test_it.py").write_text(code)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *named, *options]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=120, env=environment()
    )


def test_a_healthy_network_passes(tmp_path) -> None:
    done = run(tmp_path, TESTS.replace("RATE", "0.01"), "--strict-markers")
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_a_planted_fault_fails_at_the_test_s_own_line(tmp_path) -> None:
    done = run(tmp_path, TESTS.replace("RATE", "3.0"))
    assert done.returncode == 1
    told = done.stdout
    assert ">       unstuck.learns(net, X / 16, Y, within=200)" in told
    assert "unstuck learns: sklearn on numpy" in told
    assert "a learning rate beyond what the curvature allows" in told
    assert "falling_short.py" not in told  # none of our own frames


def test_marker_and_options(tmp_path) -> None:
    code = """
import pytest

@pytest.mark.unstuck(budget=7)
def test_marked(unstuck):
    assert unstuck.budget == 7

def test_given(unstuck):
    assert unstuck.budget == 3
"""
    done = run(tmp_path, code, "--strict-markers", "--unstuck-budget", "3")
    assert done.returncode == 0, done.stdout
    assert "@pytest.mark.unstuck(budget=SECONDS)" in run(tmp_path, code, "--markers").stdout
    for seconds in ("0", "-1", "nan", "inf"):
        wrong = run(tmp_path, code, "--unstuck-budget", seconds)
        assert wrong.returncode == 4
        assert "expected seconds above 0" in wrong.stderr


@pytest.mark.parametrize("marked", ["7", "budgt=7", "budget=float('inf')", "budget='7'"])
def test_a_marker_that_cannot_be_meant_is_an_error(tmp_path, marked) -> None:
    code = f"""
import pytest

@pytest.mark.unstuck({marked})
def test_marked(unstuck):
    pass
"""
    done = run(tmp_path, code)
    assert done.returncode == 1
    assert "expected" in done.stdout
    assert "1 error" in done.stdout


def test_where_nobody_asks_for_it_nothing_heavy_is_loaded(tmp_path, monkeypatch) -> None:
    code = """
import sys

def test_it():
    heavy = {"numpy", "jax", "sklearn", "scipy", "torch", "keras", "rich", "typer"}
    assert not heavy & set(sys.modules)
    assert "unstuck.guards.plugin" in sys.modules
    assert "unstuck.diagnosis" not in sys.modules
"""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # other plugins load much
    done = run(tmp_path, code, named=["-p", "unstuck.guards.plugin"])
    assert done.returncode == 0, done.stdout


@pytest.mark.skipif(bool(NAMED), reason="not installed with the entry point")
def test_the_entry_point_is_known() -> None:
    (found,) = entry_points(group="pytest11", name="unstuck")
    assert found.value == "unstuck.guards.plugin"
