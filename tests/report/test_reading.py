"""`unstuck show`: what `--json` of each command wrote is told again as it was, or it is said why
not."""

import json
import subprocess
import sys

import pytest

from unstuck.comparing.plan import SEEDS
from unstuck.errors import UsageError
from unstuck.records.comparison import Comparison, Difference, Role
from unstuck.records.effect import Effect
from unstuck.records.states import Status
from unstuck.report.as_json import text as in_json
from unstuck.report.reading import readable
from unstuck.report.shown import text

COMMAND = [sys.executable, "-c", "from unstuck.cli import main; main()"]
SCRIPT = """
import numpy as np
from sklearn.neural_network import MLPClassifier
x = np.random.default_rng(0).normal(size=(300, 8)) * 300
MLPClassifier((8,), solver="sgd", max_iter=3).fit(x, x[:, 0] > 0)
"""
WROTE = {
    "batch": ["batch", "--json", "made.json", "train.py"],
    "compare": ["compare", "--budget", "5", "--json", "made.json", "train.py", "scaled.py"],
}
EFFECT = Effect(0.8, 0.7, 0.9, SEEDS, 0.9, 0.1, Status.PROVEN)
ONE_SEED = Effect(0.8, float("nan"), float("nan"), 1, 0.9, 0.1, Status.INCONCLUSIVE)
COMPARED = Comparison(
    "a.py",
    "b.py",
    "What stands at line 3 of a.py makes it",
    "skill: of a run",
    EFFECT,
    EFFECT,
    (
        Difference((3,), "-x\n+y\n", Role.MADE_IT, EFFECT, ONE_SEED),
        Difference((7,), "-p\n+q\n", Role.NO_MATTER),
    ),
    12,
    1,
    3.0,
    60.0,
)


def command(folder, *arguments):
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.parametrize("name", WROTE)
def test_what_a_command_wrote_is_told_again(name, tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    (tmp_path / "scaled.py").write_text(SCRIPT.replace(" * 300", ""))
    made = command(tmp_path, *WROTE[name])
    assert made.returncode == 0, made.stderr
    shown = command(tmp_path, "show", "made.json")
    assert (shown.returncode, shown.stdout) == (0, made.stdout)


def test_a_comparison_is_read_as_it_was_written():
    back = readable(in_json(COMPARED), "c.json")
    assert text(back) == text(COMPARED)
    assert in_json(back) == in_json(COMPARED)


ARRAY = {"name": "x", "shape": [], "dtype": "", "content": "classes", "counts": [["a", 0]]}
ARRAY |= {"distinct": 1}
REFUSED = {  # what stands in a file -> what is said
    "cases": ({"unstuck": {}, "cases": []}, "is what cases run --json writes"),
    "a batch without figures": ({"arrays": []}, "no.json is not such a record: size"),
    "a comparison of nothing": ({"differences": []}, "no.json is not such a record: worse"),
    "another role": (
        json.loads(in_json(COMPARED)) | {"differences": [{"at": [], "diff": "", "role": "x"}]},
        "no.json is not such a record: differences.0.role",
    ),
    "something else": ({"losses": [1, 2]}, "no.json is not such a record: unstuck"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_told_is_refused_in_words(name):
    content, says = REFUSED[name]
    with pytest.raises(UsageError) as refused:
        readable(json.dumps(content), "no.json")
    assert says in str(refused.value)
    assert "what --json of run, diagnose (schema 2), batch or compare writes" in str(refused.value)
    assert refused.value.todo


@pytest.mark.parametrize(
    "content",
    [
        {"size": 1, "examples": 1, "arrays": [ARRAY]},
        json.loads(in_json(COMPARED)) | {"measure": "", "says": "", "differences": []},
        json.loads(in_json(COMPARED)) | {"worse": "\x1b[2J"},
    ],
    ids=["no examples", "no words", "steers the terminal"],
)
def test_what_nobody_wrote_is_told_without_harm(content, tmp_path):
    (tmp_path / "made.json").write_text(json.dumps(content))
    shown = command(tmp_path, "show", "made.json")
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
