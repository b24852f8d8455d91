"""A fix is verified by the test that proves causes, on as many fresh seeds as it takes."""

from types import SimpleNamespace

import pytest

from unstuck.proofs import fix
from unstuck.proofs.asks import Score
from unstuck.records.states import Status


def score(skill):
    return Score({"accuracy": skill}, {"accuracy": skill})


def verified(monkeypatch, gains, ends=float("inf")):
    """The test of a fix whose pairs gain so much skill, in turn; more than 0.03 counts."""
    bench = SimpleNamespace(clock=lambda: 0.0, ends=0.0, score=lambda ask: score(0.5))
    board = SimpleNamespace(measure="accuracy", steps=10)
    tested = SimpleNamespace(margin=0.03, errors=False)
    found = SimpleNamespace(board=board, repair=(), hypothesis=lambda kind, arm: tested)
    monkeypatch.setattr(fix, "_trial", lambda *_: lambda seed: score(0.5 + gains[seed - fix.FIRST]))
    return fix._verified(SimpleNamespace(found=found, bench=bench), None, (), None)


@pytest.mark.parametrize(
    ("gains", "pairs", "status"),
    [
        ([0.05] * 14, 6, Status.PROVEN),
        ([0.05, 0.01] + [0.05] * 12, 10, Status.PROVEN),  # one the other way: four more decide
        ([0.05, 0.01, 0.01] + [0.05] * 11, 14, Status.PROVEN),
        ([0.0] * 14, 6, Status.REFUTED),
        ([-0.05] * 14, 6, Status.HARMFUL),
    ],
)
def test_more_pairs_where_six_leave_it_undecided(monkeypatch, gains, pairs, status):
    test = verified(monkeypatch, gains)
    assert len(test.pairs) == pairs
    assert test.status is status
