"""The whole of a diagnosis: its record, its bounds, and what it refuses."""

import json
import pickle
import subprocess
import sys

import numpy as np
import pytest

import unstuck
from unstuck.causes.examples import CLIPPED, classifier, digits, standardized
from unstuck.errors import UsageError
from unstuck.sessions import ReportSession

RAW = classifier("raw pixels", digits()[0], loss=CLIPPED)


@pytest.fixture(scope="module")
def report() -> ReportSession:
    return unstuck.diagnose(RAW.model, **RAW.arguments)


def test_the_record_has_the_published_form(report: ReportSession) -> None:
    record = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert record.keys() >= {"framework", "backend", "state", "suspects", "probes", "seconds"}
    assert record["state"] == "unknown"
    first = record["suspects"][0]
    assert first.keys() >= {"name", "status", "rank", "evidence", "chain"}
    assert (first["name"], first["status"], first["rank"]) == ("input-spread", "suspected", 1)
    assert first["evidence"][0].keys() >= {"probe", "value", "expected"}
    assert all(evidence["probe"] in record["probes"] for evidence in first["evidence"])
    assert record["seconds"]["static"] > 0


def test_the_session_holds_the_record_and_nothing_alive_is_in_that(report: ReportSession) -> None:
    assert isinstance(report.record, unstuck.Report)
    assert pickle.loads(pickle.dumps(report.record)).suspects == report.suspects


def test_the_record_cannot_be_changed(report: ReportSession) -> None:
    with pytest.raises(AttributeError):
        report.state = "learning"  # type: ignore[misc]


def test_the_same_set_up_gives_the_same_record(report: ReportSession) -> None:
    again = unstuck.diagnose(RAW.model, **RAW.arguments).to_json()
    again.pop("seconds")
    record = report.to_json()
    record.pop("seconds")
    assert again == record


def test_a_healthy_one_says_so() -> None:
    sound = classifier("standardized")
    healthy = unstuck.diagnose(sound.model, **sound.arguments)
    assert healthy.verdict == "nothing suspicious"
    assert healthy.to_json()["suspects"] == []
    assert "nothing suspicious" in str(healthy)


def test_only_so_many_examples_are_looked_at() -> None:
    few = unstuck.diagnose(RAW.model, **RAW.arguments, examples=100)
    assert few.setup["looked at"] == "100 of 1,437 examples"
    assert [s.name for s in few.suspects] == ["input-spread", "loss-clipping"]


def test_two_examples_are_enough_not_to_fail() -> None:
    unstuck.diagnose(RAW.model, standardized()[:2], digits()[1][:2])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({}, "no data"),
        ({"x": np.zeros((4, 64)), "y": [0] * 4, "examples": 1}, "examples=1"),
        ({"x": np.zeros((4, 64)), "y": [0] * 4, "batch_size": 0}, "batch_size=0"),
    ],
)
def test_options_that_cannot_be(arguments, says) -> None:
    with pytest.raises(UsageError, match=says):
        unstuck.diagnose(RAW.model, **arguments)


@pytest.mark.parametrize("framework", ["torch", "sklearn"])
def test_no_other_framework_is_imported(framework: str) -> None:
    """A torch diagnosis loads no JAX and no scikit-learn; importing unstuck loads none at all."""
    pytest.importorskip(framework)
    code = f"""
import sys, unstuck
heavy = {{"jax", "torch", "keras", "tensorflow", "sklearn"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
import numpy as np
x, y = np.random.default_rng(0).normal(size=(64, 4)) * 100, np.arange(64) % 2
if {framework!r} == "torch":
    import torch
    model = torch.nn.Linear(4, 2)
    optimizer = torch.optim.Adam(model.parameters())
    unstuck.diagnose(model, x, y, loss=torch.nn.CrossEntropyLoss(), optimizer=optimizer)
    assert not {{"jax", "sklearn", "keras"}} & set(sys.modules)
else:
    from sklearn.neural_network import MLPClassifier
    unstuck.diagnose(MLPClassifier(), x, y)
    assert not {{"torch", "keras", "tensorflow"}} & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
