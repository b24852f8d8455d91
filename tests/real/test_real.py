"""Programs as people write them, under `unstuck run --prove`: what comes out is what is true.

The first program of each number was met in the wild; those beside it are its relatives in another
framework or form. The kind is to be right, not the file.
"""

import importlib.util
import json
import math
import shutil
from pathlib import Path

import pytest

from real.table import HEALTHY, LOOK_S, LOOKS, REMOVED, STUCK
from script.running import unstuck_run

pytestmark = pytest.mark.acceptance
FOLDER = Path(__file__).parent
BACKEND = "torch"  # compiles nothing; programs that want another say so themselves
SECONDS = 60


def ran(program, folder, *options):
    """A copy of it that was run: how it ended, and the record's subjects."""
    for module in ("torch", program.needs):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed")
    file = FOLDER / program.file
    shutil.copy(file, folder)
    ended = unstuck_run(
        folder,
        *(*options, *program.options, "--json", "seen.json", file.name),
        KERAS_BACKEND=BACKEND,
        TF_CPP_MIN_LOG_LEVEL="3",
    )
    record = json.loads((folder / "seen.json").read_text("utf-8"))
    assert record["schema"] == 2
    return ended, record["subjects"]


def parts(subject):
    """The changes of the repair that the proof found."""
    repair = (subject["proof"] or {}).get("repair")
    return [part["change"] for part in repair["parts"]] if repair else []


def status_of(subject):
    """Suspects by name; what the proof says goes before what the look says."""
    report = (subject["proof"] or subject)["report"]
    return {s["name"]: s["status"] for s in report["suspects"]} if report else {}


def test_the_table_and_the_folders_agree():
    named = [program.file for program in (*HEALTHY, *STUCK, *REMOVED)]
    there = [p.relative_to(FOLDER).as_posix() for p in FOLDER.glob("*/*.py")]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize("program", HEALTHY, ids=lambda p: p.file)
def test_what_learns_is_let_alone(program, tmp_path):
    ended, subjects = ran(program, tmp_path, "--prove", SECONDS, "--patch", "fix.diff")
    assert ended.status == 0, ended.err
    assert subjects, ended.err
    assert subjects[-1]["state"] in program.states, ended.err
    assert not (tmp_path / "fix.diff").exists(), ended.err
    for subject in subjects:
        assert "suspected" not in status_of(subject).values(), ended.err
        assert not subject["sightings"], ended.err
        if subject["state"] != "improvable":
            assert parts(subject) == [], ended.err
            assert "proven" not in status_of(subject).values(), ended.err


@pytest.mark.parametrize("program", STUCK, ids=lambda p: p.file)
def test_what_fails_is_repaired(program, tmp_path):
    ended, subjects = ran(program, tmp_path, "--prove", SECONDS)
    subject = subjects[-1]
    repair = parts(subject)
    assert subject["state"] in program.states, ended.err
    for one_of in program.repair:
        assert any(part.startswith(one_of) for part in repair), (repair, ended.err)
    assert not [part for part in repair if part.startswith(program.not_by or ("\0",))], ended.err
    low, high = (subject["proof"]["repair"]["effect"][end] for end in ("low", "high"))
    assert math.copysign(1, low) == math.copysign(1, high), (low, high)
    known = {**status_of(subject), **{s["cause"]: "seen" for s in subject["sightings"]}}
    assert set(program.causes) <= {c for c, s in known.items() if s in ("proven", "seen")}
    improvable = subject["state"] == "improvable"
    assert ended.status == (0 if improvable else program.status), ended.err


@pytest.mark.parametrize("program", REMOVED, ids=lambda p: p.file)
def test_what_is_gone_is_named(program, tmp_path):
    ended, _ = ran(program, tmp_path)
    assert ended.status == program.status
    for words in program.told:
        assert words in ended.err


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_is_quick(name, tmp_path):
    """In seconds of the processor, which a busy machine leaves as they are."""
    (program,) = (p for p in HEALTHY if p.file == f"healthy/{name}.py")
    _, (subject,) = ran(program, tmp_path, "--fail-on", "never")
    assert subject["seconds"]["static"] <= LOOK_S
