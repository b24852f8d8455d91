"""JAX loops and GradientTapes: each is seen and looked at, and ends as it would."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
# loop -> its state (None where that is not the point), suspects, and why it is only watched ("" if
# it is looked at).
EXPECTED = {
    "jax_loops.py": {
        "jitted_step": ("diverged", ["input-spread"], ""),
        "gradient_jitted": ("learning", [], ""),
        "by_hand": (None, ["input-spread"], ""),
        "not_jitted": ("learning", [], ""),
        "whole_data": ("learning", [], ""),
        "scanned": ("learning", [], ""),
        "thrown_away": ("unknown", [], ""),
        "donated": (None, ["input-spread"], ""),
        "in_a_class": ("diverged", ["input-spread"], ""),
        "of_examples": ("learning", [], ""),
        "cut_off": ("unknown", [], "depends on none of its parameters"),
        "weighted": (None, [], "compared with 2 arrays"),
        "two_in_turn": ("unknown", [], "compared with"),
        "linen": ("learning", [], ""),
        "nnx": ("diverged", ["input-spread"], ""),
        "equinox": ("learning", [], ""),
    },
    "tape_loops.py": {
        "plain": ("diverged", ["input-spread"], ""),
        "in_a_function": ("learning", [], ""),
        "own_model": ("unknown", ["input-spread"], ""),
        "written_out": ("learning", [], ""),
        "negated": ("unknown", ["loss-negated"], ""),
        "spread": (None, ["target-shape"], ""),
    },
}

FAULTS = {
    "jax_loops.py": {"updates-discarded", "loss-detached"},
    "tape_loops.py": {"target-shape"},
}


def _run(command, folder):
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)


@pytest.mark.parametrize("script", EXPECTED)
def test_loops(script, tmp_path):
    pytest.importorskip("jax" if script.startswith("jax") else "tensorflow")
    path, unstuck = FOLDER / script, Path(sys.executable).with_name("unstuck")
    plain = _run([sys.executable, path], tmp_path).stdout
    seen = _run([unstuck, "run", "--json", "run.json", path], tmp_path)
    assert plain
    assert seen.stdout == plain  # each ends bit for bit as it would
    subjects = json.loads((tmp_path / "run.json").read_text())["subjects"]
    sighted = {c["cause"] for s in subjects for c in s["sightings"]}
    assert sighted == FAULTS[script]
    differ = []
    for name in (line.split()[0] for line in plain.splitlines()):
        expected = state, _, why = EXPECTED[script][name]
        of_it = [s for s in subjects if _loop_at(script, s["where"]["line"]) == name]
        found = [
            (
                None if state is None else s["state"],
                [suspect["name"] for suspect in (s["report"] or {"suspects": []})["suspects"]],
                why if s["refused"] and why in seen.stderr else "",
            )
            for s in of_it
        ]
        if not found or any(one != expected for one in found):
            differ.append((name, expected, found))
    assert not differ


def _loop_at(script, line):
    """The function of a script's that a line is of; a class's methods stand before its loop."""
    names = [
        (i, text.split("(")[0].removeprefix("def "))
        for i, text in enumerate((FOLDER / script).read_text().splitlines(), 1)
        if text.startswith(("def ", "class "))
    ]
    name = [n for i, n in names if i <= line][-1]
    return "in_a_class" if name.startswith("class Trainer") else name
