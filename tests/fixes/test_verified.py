"""A fix is verified by the test that proves causes, on as many fresh seeds as it takes."""

from types import SimpleNamespace

import pytest

from unstuck.cures import fix
from unstuck.proofs.bench import Score
from unstuck.proofs.hypothesis import Hypothesis


def verified(monkeypatch, gains):
    """The fix whose pairs gain so much skill, in turn; more than 0.03 counts."""
    bench = SimpleNamespace(
        ends=0.0,
        seconds=0.0,
        score=lambda change, seed: Score(0.5, 0.5, True),
        yardstick=SimpleNamespace(trivial=0.1, metric="accuracy", gain=lambda a, b: a - b),
    )

    def cured(seed):
        value = 0.5 + gains[seed - fix.FIRST]
        return Score(value, value, True)

    monkeypatch.setattr(fix, "_trial", lambda bench, made, change: cured)
    proof = SimpleNamespace(findings=SimpleNamespace(bench=bench, margin=0.03), proven=())
    made = SimpleNamespace(code="", model=None, arguments={})
    return fix._verified(proof, None, Hypothesis(("input-spread",), (), 0.03), made, None)


@pytest.mark.parametrize(
    ("gains", "pairs", "good"),
    [
        ([0.05] * 14, 6, True),
        ([0.05, 0.01] + [0.05] * 12, 10, True),  # one pair the other way: four more decide
        ([0.05, 0.01, 0.01] + [0.05] * 11, 14, True),
        ([0.05, 0.01, 0.01, 0.01] + [0.05] * 10, 14, False),
        ([0.0] * 14, 6, False),
    ],
)
def test_more_pairs_where_six_leave_it_undecided(monkeypatch, gains, pairs, good):
    made = verified(monkeypatch, gains)
    assert made.after.n == pairs
    assert made.verified is good
