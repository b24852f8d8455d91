"""Confirmation: fresh paired seeds until all is decided, or the budget is spent."""

from collections.abc import Sequence

from unstuck.judging.sequential import AT_LEAST
from unstuck.proofs.asks import Asking
from unstuck.proofs.board import CONFIRM, Board
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.records.states import Status

PAIRS = 16  # at most: two losses among them still decide


def confirmed(board: Board, hypotheses: Sequence[Hypothesis]) -> Asking[None]:
    """Adds pairs to each hypothesis until it is decided; the first ones come first.

    Several share the error rate by Bonferroni's inequality; a placebo takes none of it.
    """
    tested = [h for h in hypotheses if h.kind != "placebo"]
    for hypothesis in tested:
        hypothesis.among = len(tested)
    for hypothesis in [*hypotheses]:
        for i in range(PAIRS):
            if not _open(hypothesis, i) or not board.holds(2):
                break
            seed = CONFIRM + i
            against, arm = yield from board.ask((hypothesis.against, seed), (hypothesis.arm, seed))
            if against is None or arm is None:
                break
            hypothesis.add(against, arm)


def _open(hypothesis: Hypothesis, i: int) -> bool:
    if i < AT_LEAST:
        return True
    return hypothesis.kind != "placebo" and hypothesis.status is Status.INCONCLUSIVE
