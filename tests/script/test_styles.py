"""Every style of `styles_table`: seen, looked at, its result unchanged bit for bit; and behind the
marker `acceptance`, healthy and with a fault, judged right by trials."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.styles_table import FOLDER, STYLES
from script.together import fault_of, with_fault

TOGETHER = Path(__file__).with_name("together.py")
DOCS = Path(__file__).parents[2] / "docs" / "styles.md"
SECONDS = "20"
LINES = 40
NEEDS = {
    "torch": ("torch",),
    "keras": ("keras", "torch"),
    "keras_torch": ("keras", "torch"),
    "keras_tensorflow": ("keras", "tensorflow"),
    "keras_jax": ("keras", "jax"),
    "jax": ("jax", "optax"),
    "sklearn": ("sklearn",),
    "notebook": ("nbformat", "IPython", "torch"),
}
OF_FILES = {  # beside those of the group
    "torch/lightning": "lightning",
    "torch/skorch": "skorch",
    "torch/accelerated": "accelerate",
    "torch/hugging": "transformers",
    "jax/linen": "flax",
    "jax/nnx": "flax",
    "jax/equinox": "equinox",
}
BACKENDS = {
    "keras_tensorflow": "tensorflow",
    "keras_jax": "jax",
}  # else torch, which compiles least
QUICK = {"torch", "sklearn"}  # the others compile; `test_written_loops` has their commonest forms
# Parts of a repair by how the changes begin that take a fault away, itself or in effect.
REPAIRS = {
    "raw inputs": ("inputs-", "features-", "batch-normalization", "normalization"),
    "rate x 1000": ("learning-rate-over", "optimizer-adam"),
    "targets unscaled": ("targets-",),
}
FAILS = ("stuck", "slow", "diverged", "improvable")


def installed(style):
    """Whether what it needs is there."""
    needed = [*NEEDS[style.group], *(n for f, n in OF_FILES.items() if style.file.startswith(f))]
    return all(importlib.util.find_spec(name) for name in needed)


def environment(group):
    return os.environ | {
        "KERAS_BACKEND": BACKENDS.get(group, "torch"),
        "JAX_PLATFORMS": "cpu",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "OMP_NUM_THREADS": "1",
    }


def ended(command, folder, group):
    return subprocess.run(
        command, cwd=folder, env=environment(group), capture_output=True, text=True, timeout=900
    )


UNSTUCK = (sys.executable, "-c", "from unstuck.cli import main; main()", "run")


def test_the_table_and_the_folder_agree():
    there = [p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*/*.*")]
    assert sorted(s.file for s in STYLES) == sorted(there)
    assert len(STYLES) >= 60
    watched = [s for s in STYLES if s.unseen or s.watched_only]
    assert len(watched) <= 10  # a tenth of them is the goal


def test_the_page_and_the_table_agree():
    rows = [line for line in DOCS.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [style.row for style in STYLES]


@pytest.mark.parametrize("style", STYLES, ids=lambda s: s.file)
def test_a_program_is_short_and_has_a_fault(style):
    source = style.path.read_text("utf-8")
    if style.path.suffix == ".py":
        code = [line for line in source.splitlines()[1:] if line.strip()]
        assert len(code) <= LINES
    assert fault_of(source) in REPAIRS
    assert with_fault(source) != source


@pytest.mark.parametrize(
    "group",
    [
        pytest.param(g, marks=() if g in QUICK else pytest.mark.acceptance)
        for g in NEEDS
        if g != "notebook"
    ],
)
def test_styles_are_seen(group, tmp_path):
    """All of a group in one process: each prints what it would, and is looked at or says why."""
    styles = [s for s in STYLES if s.group == group and not s.apart and installed(s)]
    if not styles:
        pytest.skip(f"{NEEDS[group]} are not installed")
    files = [str(s.path) for s in styles]
    plain = ended([sys.executable, TOGETHER, *files], tmp_path, group)
    seen = ended([*UNSTUCK, "--json", "seen.json", str(TOGETHER), *files], tmp_path, group)
    assert plain.stdout.count("digest") == len(styles), plain.stderr
    assert _timeless(seen.stdout) == _timeless(plain.stdout)
    assert "unstuck: could not" not in seen.stderr
    subjects = json.loads((tmp_path / "seen.json").read_text("utf-8"))["subjects"]
    differ = []
    for style in styles:
        of_it = [s for s in subjects if s["where"]["file"].endswith(style.file)]
        differ += [(style.file, why) for why in _wrong(style, of_it)]
    assert not differ, seen.stderr


def _timeless(out):
    return [line for line in out.splitlines() if "train_runtime" not in line]


def _wrong(style, subjects):
    """What differs from the table, of a healthy program that was only looked at."""
    if style.unseen:
        return ["seen"] if subjects else []
    if not subjects:
        return ["not seen"]
    looked = any(s["report"] for s in subjects) and not any(s["refused"] for s in subjects)
    found = [] if looked != bool(style.watched_only) else [f"looked at: {looked}"]
    for subject in subjects:
        suspects = [s["name"] for s in (subject["report"] or {"suspects": []})["suspects"]]
        found += [f"suspected: {suspects}"] if suspects else []
        found += ["a fault of the loop"] if subject["sightings"] else []
        found += [] if subject["state"] in style.states else [f"state {subject['state']}"]
    return found


@pytest.mark.acceptance
@pytest.mark.parametrize("form", ["healthy", "fault"])
@pytest.mark.parametrize("style", [s for s in STYLES if not s.unseen], ids=lambda s: s.file)
def test_trials_judge_right(style, form, tmp_path):
    if not installed(style):
        pytest.skip("its library is not installed")
    source = style.path.read_text("utf-8")
    file = tmp_path / style.path.name
    file.write_text(with_fault(source) if form == "fault" else source, "utf-8")
    command = [*UNSTUCK, "--compat", "--prove", SECONDS, "--json", "seen.json", file.name]
    done = ended(command, tmp_path, style.group)
    subject = json.loads((tmp_path / "seen.json").read_text("utf-8"))["subjects"][-1]
    report = (subject["proof"] or subject)["report"]
    statuses = {s["status"] for s in report["suspects"]} if report else set()
    repair = (subject["proof"] or {}).get("repair") or {"parts": []}
    parts = [part["change"] for part in repair["parts"]]
    if form == "healthy":
        assert not statuses & {"proven", "suspected"}, done.stderr
        assert subject["state"] in (*style.states, "improvable"), done.stderr
        assert not parts or subject["state"] == "improvable", done.stderr
    elif not (style.watched_only or style.not_proven):
        assert subject["state"] in FAILS, done.stderr
        wanted = REPAIRS[fault_of(source)]
        assert any(part.startswith(wanted) for part in parts), (parts, done.stderr)
