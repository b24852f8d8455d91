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

    The repair is tested at the full error rate, and what its parts do only once it is proven
    (serial gatekeeping: a false proof of a part then needs a true repair, or an error already
    counted); all others share the rate by Bonferroni's inequality. A placebo takes none of it.
    """
    first = [h for h in hypotheses if h.kind in ("repair", "placebo")]
    rest = [h for h in hypotheses if h not in first]
    for hypothesis in rest:
        hypothesis.among = len(rest)
    for hypothesis in first:
        yield from _pairs(board, hypothesis)
    if all(h.status is Status.PROVEN for h in first if h.kind == "repair"):
        for hypothesis in rest:
            yield from _pairs(board, hypothesis)


def _pairs(board: Board, hypothesis: Hypothesis) -> Asking[None]:
    for i in range(PAIRS):
        if not _open(hypothesis, i) or not board.holds(2):
            return
        seed = CONFIRM + i
        against, arm = yield from board.ask((hypothesis.against, seed), (hypothesis.arm, seed))
        if against is None or arm is None:
            return
        hypothesis.add(against, arm)


def _open(hypothesis: Hypothesis, i: int) -> bool:
    if i < AT_LEAST:
        return True
    return hypothesis.kind != "placebo" and hypothesis.status is Status.INCONCLUSIVE
