"""A patch that has a trained model asked as it should be: what changes in a script, what not."""

import json
import subprocess

import pytest

from unstuck.patch.loops import loop
from unstuck.patch.tree import NotPlaced, Tree
from unstuck.patch.write import Site, asked_otherwise

from .asked_pairs import EVALUATING, FASTER, HEAD, LOOP, SCALED
from .evaluated import PROGRAMS
from .running import python, unstuck_run


def _line(script, mark):
    return next(i for i, line in enumerate(script.splitlines(), 1) if line.endswith(mark))


def _patched(script, framework, cause):
    site = Site(_line(script, "# <-"), framework, lambda names: ())
    return asked_otherwise(script, site, cause, _line(script, "# asked"))


@pytest.mark.parametrize(("script", "framework", "expected"), SCALED.values(), ids=SCALED)
def test_what_is_done_to_training_inputs_is_done_to_those_held_out(script, framework, expected):
    _holds(script, framework, "split-mismatch", expected)


@pytest.mark.parametrize(("script", "expected"), EVALUATING.values(), ids=EVALUATING)
def test_the_model_is_put_into_evaluation_mode_and_back(script, expected):
    _holds(script, "torch" if "opt.step" in script else "keras", "training-mode", expected)


@pytest.mark.parametrize(("framework", "layer", "expected"), FASTER)
def test_moving_statistics_keep_up(framework, layer, expected):
    script = "layer = {}\nnet.fit(x, y)  # <-\nprint(net(x))  # asked\n"
    expected = script.format(expected) if expected.endswith(")") else expected
    _holds(script.format(layer), framework, "statistics-lag", expected)


def _holds(script, framework, cause, expected):
    if "\n" in expected:
        assert _patched(script, framework, cause) == expected
        marked = "\ufeff" + script
        assert _patched(marked, framework, cause) == "\ufeff" + expected
    else:
        with pytest.raises(NotPlaced) as caught:
            _patched(script, framework, cause)
        assert expected in str(caught.value)


def test_an_evaluation_behind_a_training_loop_does_not_hide_its_loader():
    script = HEAD + LOOP
    tree = Tree(script)
    found = loop(tree, _line(script, "# <-"))
    assert {k: tree.code(found.roles[k].expression) for k in ("model", "x", "y")} == {
        "model": "net",
        "x": "train_loader",
        "y": "train_loader",
    }
    assert (found.roles["x"].batch, found.roles["y"].batch) == (0, 1)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("torch, other pixels in a loader", marks=pytest.mark.acceptance),
        pytest.param("torch, dropout left on", marks=pytest.mark.acceptance),
        "sklearn, score",
    ],
)
def test_a_patch_is_tried_and_applies(tmp_path, name):
    """Features far from 0, standardized for training alone."""
    program = PROGRAMS[name][0].replace("x_test = x_test * 3 + 60\n", "")
    program = program.replace(
        "load_digits(return_X_y=True)\n", "load_digits(return_X_y=True)\nX = X + 50\n"
    )
    (tmp_path / "train.py").write_text(program)
    options = ("--prove", "5", "--patch", "fix.diff", "--json", "r.json")
    seen = unstuck_run(tmp_path, *options, "train.py")
    assert seen.status == 0, seen.err  # cured
    (subject,) = json.loads((tmp_path / "r.json").read_text())["subjects"]
    assert subject["cured"]
    assert (tmp_path / "train.py").read_text() == program
    subprocess.run(["git", "apply", "fix.diff"], cwd=tmp_path, check=True)
    assert float(python(tmp_path, "train.py").out) > float(seen.out) + 0.1
    assert unstuck_run(tmp_path, "train.py").status == 0
