"""The scripts under examples/: what is broken is told, proven and cured; look-alikes are left."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .running import python, unstuck_run

EXAMPLES = Path(__file__).parents[2] / "examples"
BACKEND = "torch"  # compiles nothing, which is what short trials pay for most
SECONDS = {"keras": 30}  # others 10; a trial of Keras costs more to set up
MORE = 4  # times as long where a busy machine left it undecided, as the tool itself then proposes
NEEDS = {"02_adam": "lightning", "10_images": "skorch"}
NEEDS |= dict.fromkeys(("01_pixels", "04_patience", "07_labels"), "keras")
# Script -> the cause that keeps it from learning.
BROKEN = {
    "01_pixels": "input-spread",
    "02_adam": "optimizer-epsilon",
    "03_sgd": "learning-rate-high",
    "04_patience": "learning-rate-low",
    "05_prices": "target-scale",
    "06_wine": "feature-scales",
    "07_labels": "label-coding",
    "08_trainer": "frozen-parameters",
    "09_patients": "non-finite-data",
    "10_images": "input-too-small",
}
# Script -> what it has to reach once it is patched, at the end of its last line.
PATCHED = {"01_pixels": 0.8, "02_adam": 0.8, "03_sgd": 0.9, "06_wine": 0.85, "10_images": 0.9}


def test_every_broken_script_has_a_healthy_twin() -> None:
    broken, healthy = (
        sorted(path.stem for path in (EXAMPLES / folder).glob("*.py"))
        for folder in ("broken", "healthy")
    )
    assert broken == healthy == sorted(BROKEN)
    table = (EXAMPLES / "README.md").read_text("utf-8")
    for name, cause in BROKEN.items():
        assert name in table
        assert cause in table


@pytest.mark.acceptance
@pytest.mark.parametrize("name", BROKEN)
def test_broken(name: str, tmp_path: Path) -> None:
    """The cause is proven and the fix verified; where it is patched, the patch is applied."""
    patch = ["--patch", "fix.diff"] if name in PATCHED else []
    seen, subject = seen_in(tmp_path, "broken", name, *patch)
    assert BROKEN[name] in proven(subject), seen.err
    assert subject["state"] in ("stuck", "diverged")
    assert subject["fix"]["verified"]
    assert seen.status == (0 if patch else 11), seen.err
    if patch:
        assert score(seen.out) < 0.6
        subprocess.run(["git", "apply", "fix.diff"], cwd=tmp_path, check=True)
        cured = python(tmp_path, f"{name}.py", KERAS_BACKEND=BACKEND)
        assert score(cured.out) > PATCHED[name], cured


@pytest.mark.acceptance
@pytest.mark.parametrize("name", BROKEN)
def test_healthy(name: str, tmp_path: Path) -> None:
    """Nothing is suspected, or the trials say that nothing is wrong."""
    seen, subject = seen_in(tmp_path, "healthy", name)
    assert seen.status == 0, seen.err
    assert proven(subject) == set()
    assert all(cause["status"] == "refuted" for cause in subject["report"]["suspects"]), seen.err
    assert subject["state"] in ("learning", "slow")
    assert subject["fix"] is None


def seen_in(folder, kind, name, *options):
    """A copy of a script that was run, and its one training; its output is as without us."""
    pytest.importorskip(NEEDS.get(name, "sklearn"))
    pytest.importorskip("torch")
    shutil.copy(EXAMPLES / kind / f"{name}.py", folder)
    plain = python(folder, f"{name}.py", KERAS_BACKEND=BACKEND)
    seconds = SECONDS.get(NEEDS.get(name, ""), 10)
    for budget in (seconds, MORE * seconds):
        seen = unstuck_run(
            folder,
            *("--prove", budget, "--json", "seen.json", *options),
            f"{name}.py",
            KERAS_BACKEND=BACKEND,
        )
        assert (plain.status, seen.out) == (0, plain.out), seen.err
        (subject,) = json.loads((folder / "seen.json").read_text("utf-8"))["subjects"]
        statuses = {cause["status"] for cause in subject["report"]["suspects"]}
        undecided = "inconclusive" in statuses or subject["state"] == "unknown"
        if "proven" in statuses or not undecided:
            break
    return seen, subject


def proven(subject):
    return {cause["name"] for cause in subject["report"]["suspects"] if cause["status"] == "proven"}


def score(out):
    return float(out.split()[-1])
