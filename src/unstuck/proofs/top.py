"""What gains on top of a proven repair, one change after the other: each beside those before it."""

from collections.abc import Sequence

import numpy as np

from unstuck.changes.change import Change, Combination, fits_together, in_order
from unstuck.proofs.asks import Asking
from unstuck.proofs.board import CONFIRM, ERRORS, KEPT, LEAST, Board
from unstuck.proofs.confirm import SEEDS, SHARES, confirmed
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.records.states import Status

MOST = 3  # changes
SEEN = 2  # seeds on which one is chosen


def on_top(
    board: Board, repair: Hypothesis, among: Sequence[Change], share: float
) -> Asking[list[Hypothesis]]:
    """The changes that gain beside a repair, as they were tested.

    What is chosen leaves the least error of all, and clearly less than what it is put on top of;
    it is confirmed on fresh seeds. Where none does that alone, all together are tried.

    Args:
        repair: proven.
        among: changes to choose from.
        share: of the error rate.
    """
    tested: list[Hypothesis] = []
    base = repair.arm
    while len(tested) < MOST and share > 0:
        arm = yield from _chosen(board, base, among, repair.seeds)
        if not arm:
            break
        test = Hypothesis(
            "left",
            arm,
            base,
            board.measure,
            LEAST * board.reach,
            errors=True,
            higher=board.measure == "accuracy",
        )
        first = CONFIRM + SEEDS * (len(SHARES) + len(tested))
        yield from confirmed(board, [test], share / MOST, first)
        tested.append(test)
        if test.status is not Status.PROVEN:
            break
        base = arm
    return tested


def _chosen(
    board: Board, base: Combination, among: Sequence[Change], seed: int
) -> Asking[Combination]:
    """The base with the change that leaves the least error; () where none gains."""
    parts = {c.part for c in base}
    more = [c for c in among if c.part not in parts]
    arms = [in_order((*base, c)) for c in more if fits_together((*base, c))]
    best = yield from _best(board, base, arms, seed)
    if best or len(arms) < 2:
        return best
    together = base
    for change in more:
        if fits_together((*together, change)) and board.possible((*together, change)):
            together = in_order((*together, change))
    best = yield from _best(board, base, [together], seed)
    for change in more if best else ():
        rest = in_order(c for c in best if c != change)
        least = yield from _best(board, base, [rest], seed)
        if change in best and least and not _less(board, rest, best):
            best = rest
    return best


def _best(
    board: Board, base: Combination, arms: Sequence[Combination], seed: int
) -> Asking[Combination]:
    """The one of them that leaves the least error, and clearly less than the base; else ()."""
    gains = []
    for arm in arms:
        if not board.holds(KEPT):
            break
        yield from board.ask(*((arm, seed + i) for i in range(SEEN)))
        if _less(board, base, arm):
            gains.append(arm)
    return max(gains, key=board.skill, default=())


def _less(board: Board, base: Combination, arm: Combination) -> bool:
    """Whether an arm leaves clearly less error than another."""
    error, less = 1 - board.skill(base), 1 - board.skill(arm)
    return bool(np.isfinite(less)) and error >= ERRORS * less and error - less >= LEAST
