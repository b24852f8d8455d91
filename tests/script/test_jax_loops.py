"""JAX loops: each is seen and looked at, and none ends otherwise than under `python`."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("jax_loops.py")
# loop -> its state, suspects, and why it is only watched ("" if it is looked at).
EXPECTED = {
    "jitted_step": ("diverged", ["input-spread"], ""),
    "gradient_jitted": ("learning", [], ""),
    "by_hand": (None, ["input-spread"], ""),
    "not_jitted": ("learning", [], ""),
    "whole_data": ("learning", [], ""),
    "scanned": ("learning", [], ""),
    "donated": (None, ["input-spread"], ""),
    "in_a_class": ("diverged", ["input-spread"], ""),
    "weighted": (None, [], "compared with 2 arrays"),
    "two_in_turn": ("unknown", [], "compared with"),
    "linen": ("learning", [], ""),
    "nnx": ("diverged", ["input-spread"], ""),
    "equinox": ("learning", [], ""),
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What python prints: a loop's name and a digest of its end on each line."""
    return run([sys.executable, SCRIPT], tmp_path_factory.mktemp("plain")).stdout


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    folder = tmp_path_factory.mktemp("watched")
    unstuck = Path(sys.executable).with_name("unstuck")
    done = run([unstuck, "run", "--json", "run.json", SCRIPT], folder)
    return done, json.loads((folder / "run.json").read_text())


def run(command, folder):
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


def test_every_loop_ends_bit_for_bit_as_it_would(plain, watched):
    assert plain.count("\n") >= 10
    assert watched[0].stdout == plain


@pytest.mark.parametrize("name", EXPECTED)
def test_a_loop_is_seen(name, plain, watched):
    if not any(line.startswith(f"{name} ") for line in plain.splitlines()):
        pytest.skip("its library is not installed")
    done, record = watched
    state, suspects, refused = EXPECTED[name]
    several = [s for s in record["subjects"] if _loop_at(s["where"]["line"]) == name]
    assert several
    for subject in several:
        assert subject["framework"] == "jax"
        assert state in (None, subject["state"])
        report = subject["report"] or {"suspects": []}
        assert [s["name"] for s in report["suspects"]] == suspects
        assert bool(subject["refused"]) == bool(refused)
        assert refused in done.stderr


def _loop_at(line):
    """The function of the script's that a line is of; a class's methods stand before its loop."""
    names = [
        (i, text.split("(")[0].removeprefix("def "))
        for i, text in enumerate(SCRIPT.read_text().splitlines(), 1)
        if text.startswith(("def ", "class "))
    ]
    name = [n for i, n in names if i <= line][-1]
    return "in_a_class" if name.startswith("class Trainer") else name
