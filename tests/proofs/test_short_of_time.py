"""A cause is refuted only if every change that would take it away was tried."""

from types import SimpleNamespace

import pytest

from unstuck.changes.learning_rate import HIGHER
from unstuck.proofs import prove
from unstuck.proofs.bench import Score
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.proof import _verdict
from unstuck.proofs.prove import Findings
from unstuck.records.verdict import State, Verdict

CAUSE = "learning-rate-low"


def findings(trials: int) -> Findings:
    """A screen with time for so many trials, none of which learns."""
    left = iter([True] * trials + [False] * 100)
    bench = SimpleNamespace(
        has_time=lambda _: next(left),
        told=lambda says: None,
        score=lambda change, seed: Score(0.1, 0.0, True),
    )
    found = Findings(bench, state=State.STUCK)
    prove._try_cause(found, CAUSE, {})
    return found


@pytest.mark.parametrize(
    ("trials", "verdict"),
    [(1, Verdict.INCONCLUSIVE), (len(HIGHER), Verdict.REFUTED)],
)
def test_refuted_only_by_all_changes(trials: int, verdict: Verdict) -> None:
    hypothesis = Hypothesis((CAUSE,), (HIGHER[0],), margin=0.1)
    for _ in range(8):
        hypothesis.add(Score(0.1, 0.0, True), Score(0.1, 0.0, True))
    assert hypothesis.verdict is Verdict.REFUTED
    found = findings(trials)
    assert _verdict(hypothesis, found, honest=True) is verdict
    assert bool(found.notes) == (trials == 1)


def test_no_change_tried_at_all() -> None:
    found = findings(0)
    assert found.untried == [CAUSE]
    assert found.partly == []
