"""How a trained model is asked: faults of that are proven on its own answers, by real programs."""

import json

import pytest

from .evaluated import PROGRAMS, RELATIVES
from .running import python, unstuck_run

# Keras's backend imports in 3 s, TensorFlow not at all.
HOME = {"KERAS_BACKEND": "torch"}


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        pytest.param(*row, id=name, marks=pytest.mark.acceptance if name in RELATIVES else ())
        for name, row in PROGRAMS.items()
    ],
)
def test_what_spoils_the_answers_is_proven_and_nothing_else_is(tmp_path, program, cause):
    (tmp_path / "train.py").write_text(program)
    plain = python(tmp_path, "train.py", **HOME)
    seen = unstuck_run(tmp_path, "--json", "r.json", "train.py", **HOME)
    assert plain.status == 0, plain.err
    assert seen.out == plain.out  # to the last digit: nothing of it was moved
    (subject,) = json.loads((tmp_path / "r.json").read_text())["subjects"]
    assert [e["cause"] for e in subject["evaluations"]] == ([cause] if cause else [])
    assert seen.status == (11 if cause else 0), seen.err
    assert "could not" not in seen.err
    for told in subject["evaluations"]:
        assert told["where"]["line"] == _line(program)
        assert told["mended"] > told["value"] + (1 - told["value"]) / 3
        assert told["says"].capitalize().split(":")[0] in " ".join(seen.err.split())


def _line(program):
    """Where the model is asked."""
    asks = ("net(xb).argmax", "self(x).argmax", "model.evaluate", "model.predict", "network.score")
    return max(i for i, line in enumerate(program.splitlines(), 1) if any(a in line for a in asks))
