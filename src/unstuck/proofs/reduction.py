"""From what works back to the user's set-up: the smallest set of changes that still restores.

Delta debugging with noisy trials (Zeller & Hildebrandt 2002): parts that seem to do nothing are
taken away together, then one after the other; what cannot be taken away without losing the gain
is the repair.
"""

from collections.abc import Iterable, Sequence

from unstuck.changes.change import Change, Combination, in_order
from unstuck.proofs.asks import Asking
from unstuck.proofs.board import CONFIRMING, PLENTY, SCREEN, SEEDS, Board

NEARLY = 0.75  # of the gain on one seed, which a second seed may make enough


def singles(board: Board, among: Iterable[Combination]) -> list[Combination]:
    """Those that restore on their own, the fewest changes and the highest skill first."""
    found = [c for c in among if c not in board.rejected and board.restores(board.skill(c))]
    return sorted(found, key=lambda c: (len(c), -round(board.skill(c), 2)))


def reduced(board: Board, start: Combination, keep: Combination) -> Asking[Combination]:
    """The smallest part of a combination that restores what it restores.

    Args:
        start: works.
        keep: cures what was seen for certain, and is never taken away.
    """
    kept = start
    loose = [c for c in start if c not in keep]
    idle = [c for c in loose if not _helps_alone(board, (*keep, c))]
    if 1 < len(idle) < len(loose):  # 1 alone is tried below as well
        kept = yield from _tried(board, kept, idle)
    for change in sorted(
        (c for c in loose if c in kept), key=lambda c: board.skill(in_order((*keep, c)))
    ):
        if len(kept) > 1 and change in kept:
            kept = yield from _tried(board, kept, [change])
    return kept


def _tried(board: Board, kept: Combination, away: Sequence[Change]) -> Asking[Combination]:
    """Without these where it restores without them, on as many seeds as can be afforded."""
    rest = in_order(c for c in kept if c not in away)
    if not rest or rest in board.rejected or not board.holds(CONFIRMING):
        return kept
    for i in range(SEEDS if board.holds(PLENTY) else board.seeds):
        yield from board.ask((rest, SCREEN + i))
        if not board.of(rest) or not board.restores(board.skill(rest), NEARLY):
            return kept
    return rest if board.restores(board.skill(rest)) else kept


def _helps_alone(board: Board, changes: Combination) -> bool:
    """Whether it was seen to gain on its own; what was not tried may help."""
    return not board.of(changes) or board.counts(board.skill(changes))
