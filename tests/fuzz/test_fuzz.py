"""Some attempts of each kind, the same at every run; and the fuzzer finds what is planted."""

import os

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis.errors import NoSuchExample

from .apart import warm
from .kinds import KINDS, SHARES
from .scripts.script import LINES
from .tally import Tally

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="attempts are made in forks")
# Some seconds of the processor in all; the kinds that take long ones are `make fuzz`'s.
ATTEMPTS = {
    "files": 120,
    "calls": 24,
    "settings": 24,
    "command-lines": 24,
    "sklearn-scripts": 8,
    "torch-scripts": 8,
}
SAME = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


def test_there_are_enough():
    assert sum(ATTEMPTS.values()) >= 200
    assert SHARES.keys() == KINDS.keys() >= ATTEMPTS.keys()


@pytest.mark.parametrize("kind", ATTEMPTS)
def test_nothing_breaks(kind):
    said = []

    @settings(SAME, max_examples=ATTEMPTS[kind])
    @given(KINDS[kind])
    def attempts(attempt):
        outcome = attempt.tried()
        said.append(outcome.said)
        assert not outcome.broken, f"{outcome.broken}\n\n{attempt.text}\n\n{outcome.seen}"
        assert not hasattr(attempt, "source") or attempt.source.count("\n") <= LINES

    attempts()
    assert said.count("void") <= len(said) / 4  # the grammar makes what can be tried
    assert "accepted" in said


def found(kind, most=200):
    """The first attempt that breaks something, and what."""
    quick = settings(SAME, max_examples=most, phases=[Phase.generate])
    attempt = find(KINDS[kind], lambda a: bool(a.tried().broken), settings=quick)
    return attempt, attempt.tried()


def test_what_is_planted_in_reading_is_found(monkeypatch):
    from unstuck.data import tables

    monkeypatch.setattr(tables, "is_number", float)  # raises ValueError at a word
    attempt, outcome = found("files")
    assert outcome.broken.startswith("ValueError at data/tables.py")
    assert attempt.name in attempt.text


def test_what_is_planted_in_the_gate_is_found(monkeypatch):
    from unstuck import diagnosis

    for framework in ("sklearn", "torch"):  # which is a diagnosis too
        warm(framework)
    monkeypatch.setattr(diagnosis, "admit", lambda given: given.nothing)
    _, outcome = found("calls")
    assert outcome.broken.startswith("AttributeError at diagnosis.py")


def test_what_is_planted_in_a_run_is_found(monkeypatch):
    """A look that draws from NumPy's generator changes what the script does."""
    import numpy as np

    from unstuck.script import trainings

    look = trainings.Trainings._look

    def drawing(self, line, arguments):
        look(self, line, arguments)
        np.random.rand()

    monkeypatch.setattr(trainings.Trainings, "_look", drawing)
    attempt, outcome = found("sklearn-scripts")
    assert outcome.broken
    assert "MLP" in attempt.source


def test_a_tally_tells_of_each_finding_once(tmp_path):
    tally = Tally(tmp_path)
    for text in ("long and long", "short"):
        tally.adds(
            "files", {"said": "accepted", "broken": "b", "seen": "s", "text": text, "seconds": 1}
        )
    tally.adds("files", {"said": "refused", "broken": "", "seconds": 1})
    told = str(tally)
    assert "files: b (2×): " in told
    (file,) = tmp_path.iterdir()
    assert "\nshort\n" in file.read_text()
    assert told.splitlines()[1].split() == ["files", "3", "2", "1", "0", "2", "3"]


def test_nothing_is_found_where_nothing_is(monkeypatch):
    monkeypatch.setattr(
        "fuzz.files.File.tried", lambda self: __import__("fuzz").attempt.Outcome("accepted")
    )
    with pytest.raises(NoSuchExample):
        found("files", 20)
