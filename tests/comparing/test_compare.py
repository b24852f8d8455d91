"""`unstuck compare` on real scripts: what is found, what is left, and wrong usage."""

import json
import subprocess
import sys
import time

import pytest

from unstuck.comparing.bench import Bench, copied, outcome
from unstuck.comparing.differences import pair

COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()", "compare"]
FIRST = """
import sys
from pathlib import Path
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

x, y = load_digits(return_X_y=True)
x = x[:400] * 60
net = MLPClassifier(
    hidden_layer_sizes=(32,), solver="sgd", learning_rate_init=0.02, max_iter=12, batch_size=40,
    random_state=0,
)
net.fit(x, y[:400])
Path("scores.txt").write_text(str(net.score(x, y[:400])))
"""
SECOND = FIRST.replace("* 60", "/ 16").replace("(32,)", "(33,)").replace("import sys\n", "")


def compared(folder, *arguments):
    return subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "first.py").write_text(FIRST)
    (tmp_path / "second.py").write_text(SECOND)
    return tmp_path


def test_a_run_is_made_of_parts_in_a_copy_on_other_seeds(folder):
    both = pair(FIRST, SECOND)
    bench = Bench(both, folder / "first.py", [], folder, time.monotonic() + 600)
    ends = frozenset[int](), frozenset(range(len(both.parts)))
    wanted = [(ends[0], 0), (ends[1], 0), (ends[1], 0), (ends[1], 1)]
    raw, scaled, again, other = bench.run(wanted, "")
    assert scaled.skill > 0.8 > raw.skill
    assert scaled == again != other
    assert sorted(p.name for p in folder.iterdir()) == ["first.py", "second.py"]
    bench.ends = time.monotonic()
    assert bench.run([(ends[0], 3)], "") == [None]


def test_a_copy_that_lies_in_the_folder_is_not_copied_itself(folder, monkeypatch):
    (folder / "places").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder / "places"))
    with copied(folder) as copy:
        assert sorted(p.name for p in copy.iterdir()) == ["first.py", "places", "second.py"]
        assert list((copy / "places").iterdir()) == []


@pytest.mark.acceptance
def test_the_difference_that_makes_it_is_named(folder):
    done = compared(folder, "--budget", "600", "--json", "c.json", "second.py", "first.py")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("What stands at line 8 of first.py makes it: as in second.py,")
    record = json.loads((folder / "c.json").read_text())
    assert (record["worse"], record["better"]) == ("first.py", "second.py")
    assert [d["role"] for d in record["differences"]] == ["no matter", "made it", "no matter"]
    assert record["together"]["low"] > 0.1
    # Nothing is left beside: the runs were made in copies.
    assert sorted(p.name for p in folder.iterdir()) == ["c.json", "first.py", "second.py"]


def test_a_commit(folder):
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in (["init", "-q"], ["add", "first.py"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=folder, check=True)
    (folder / "first.py").write_text(FIRST + "# no more\n")
    done = compared(folder, "HEAD:first.py", "first.py")
    assert done.returncode == 2
    assert "differ in nothing but comments and layout" in done.stderr


@pytest.mark.parametrize(
    ("first", "second", "says"),
    [
        ("first.py", "nowhere.py", "no file nowhere.py"),
        ("HEAD:first.py", "second.py", "cannot read HEAD:first.py"),
        ("first.py", "broken.py", "the second script: NameError: name 'oops' is not defined"),
        ("first.py", "encoded.py", "encoded.py is no text of Python"),
        ("notes.ipynb", "first.py", "notes.ipynb is a notebook\nexpected: two Python scripts"),
        ("first.py", "HEAD:notes.ipynb", "HEAD:notes.ipynb is a notebook"),
        ("array.npy", "first.py", "array.npy is no text of Python"),
        ("--budget=inf", "first.py", "--budget inf"),
        ("--budget=1e99", "first.py", "--budget 1e+99"),
    ],
)
def test_wrong_usage(folder, first, second, says):
    (folder / "broken.py").write_text("oops\n")
    (folder / "encoded.py").write_text("# -*- coding: nonsense -*-\n")
    (folder / "notes.ipynb").write_text("{}")
    (folder / "array.npy").write_bytes(b"\x93NUMPY\x01")
    options = [first, "first.py"] if first.startswith("--") else [first]
    done = compared(folder, *options, second)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("witness", "skill"),
    [
        ({"losses": [[1, 2.0], [2, 0.5]], "nothing": 2.0}, 0.75),
        ({"losses": [[1, 2.0], [2, 0.5]], "nothing": None, "start": 1.0}, 0.5),
        ({"losses": [[1, 2.0], [2, 90.0]], "nothing": 2.0}, -1.0),
        ({"losses": [[1, 2.0]], "nothing": 2.0, "broken": 2}, -1.0),
        ({"losses": [[1, -2.0]], "nothing": None}, None),
        ({"losses": [[1, 2.0]], "nothing": 2.0, "meaningless": "rewards"}, None),
    ],
)
def test_skill_of_a_record(witness, skill):
    usual = {"count": len(witness["losses"]), "broken": 0, "meaningless": "", "start": None}
    found = outcome({"subjects": [{"witness": None}, {"witness": usual | witness}]})
    assert bool(found.failed) == (skill is None)
    assert skill is None or found.skill == skill
