"""Confirmation: fresh paired seeds until all is decided, or the budget is spent."""

from collections.abc import Sequence

from unstuck.judging.sequential import AT_LEAST
from unstuck.proofs.asks import Asking
from unstuck.proofs.board import CONFIRM, Board
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.records.states import Status

PAIRS = 16  # two losses among them still decide
MOST = 48  # pairs, where nothing else is left to decide
EACH = 9  # pairs, before others have had theirs: enough for a dozen to be decided together
SEEDS = 100  # of an attempt
PLACEBO = 2  # pairs of a placebo whose every pair comes out the same


SHARES = (0.81, 0.1, 0.09)  # of the error rate: five pairs decide the first attempt, nine the rest


def confirmed(
    board: Board, hypotheses: Sequence[Hypothesis], share: float = SHARES[0], seeds: int = CONFIRM
) -> Asking[None]:
    """Adds pairs to each hypothesis until it is decided; the first ones come first.

    Each attempt at a repair has a share of the error rate, and seeds of its own; what is tested on
    top of it has the shares of the attempts that were not needed. What its parts do
    is tested only once it is proven (serial gatekeeping: a false proof of a part then needs a true
    repair, or an error already counted); they share its share by Bonferroni's inequality. A
    placebo takes none of it; it gets pairs until its interval is narrower than half the effect.

    Args:
        share: of the error rate.
        seeds: the first of these seeds.
    """
    first = [h for h in hypotheses if h.kind in ("repair", "placebo")]
    rest = [h for h in hypotheses if h not in first]
    for hypothesis in hypotheses:
        of = len(rest) if hypothesis in rest else 1
        hypothesis.among = of / share
        hypothesis.seeds = seeds
    for hypothesis in first:
        yield from _pairs(board, hypothesis, PAIRS)
    for repair in (h for h in first if h.status is Status.PROVEN and h.kind == "repair"):
        for placebo in (h for h in first if h.kind == "placebo"):
            while placebo.null and not placebo.is_narrow(repair) and len(placebo.pairs) < MOST:
                before = len(placebo.pairs)
                yield from _pairs(board, placebo, before + 1, wanted=True)
                if len(placebo.pairs) == before:
                    break
    if all(h.status is Status.PROVEN for h in first if h.kind == "repair"):
        for pairs in (EACH, PAIRS):  # none takes what decides another
            for hypothesis in rest:
                yield from _pairs(board, hypothesis, pairs)
        for hypothesis in rest:
            if hypothesis.kind == "necessary":  # the repair itself hangs on it
                yield from _pairs(board, hypothesis, MOST)


def finished(board: Board, hypotheses: Sequence[Hypothesis]) -> Asking[None]:
    """Spends what is left of the budget on what is not decided yet."""
    for hypothesis in hypotheses:
        if hypothesis.pairs and hypothesis.kind == "sufficient":
            yield from _pairs(board, hypothesis, MOST)


def _pairs(board: Board, hypothesis: Hypothesis, most: int, wanted: bool = False) -> Asking[None]:
    for i in range(len(hypothesis.pairs), most):
        seed = hypothesis.seeds + i
        pair = (hypothesis.against, seed), (hypothesis.arm, seed)
        new = board.new(*pair)  # trials made before cost nothing
        if not (wanted or _open(hypothesis, i)) or (new and not board.holds(new)):
            return
        against, arm = yield from board.ask(*pair)
        if against is None or arm is None:
            return
        hypothesis.add(against, arm)
        if hypothesis.kind == "repair" and hypothesis.is_futile(most):
            return  # time for another one


def _open(hypothesis: Hypothesis, i: int) -> bool:
    if hypothesis.kind == "placebo":
        return i < (PLACEBO if hypothesis.flat else AT_LEAST)
    return i < AT_LEAST or hypothesis.status is Status.INCONCLUSIVE
