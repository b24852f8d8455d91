"""The plan of a proof: from a set-up that fails and a twin that works to the smallest repair.

1. Screen: the set-up as it is, twins, every suspect's change; see `proofs.screen`.
2. Reduce: the smallest set of changes that restores what the best restores; see
   `proofs.reduction`.
3. Confirm, on fresh paired seeds: as it is against repaired; repaired without each part; each
   part alone; each suspect alone; a placebo; see `proofs.confirm`.
4. What is left: changes that gain on top of the repair.

Pure: trials are asked for and their scores are told, with a clock in steps.
"""

from dataclasses import dataclass, field

from unstuck.changes.change import Combination, in_order
from unstuck.changes.placebo import PLACEBO
from unstuck.proofs.asks import Asking, Problem
from unstuck.proofs.board import CONFIRM, LEARNS, LEAST, SCREEN, Board
from unstuck.proofs.confirm import confirmed
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.reduction import reduced, singles
from unstuck.proofs.screen import longer, screen, structural
from unstuck.records.states import Status

ALONE = 3  # seeds of the set-up as it is, where there is nothing to test
SUSPECTS = 4  # causes that are no part of the repair, tested on their own, at most


@dataclass(eq=False)
class Findings:
    """What a plan found.

    Args:
        board: every score.
        best_of: the best change against each cause that was tried, by the cause's name.
        repair: the smallest that was found; () for none.
        others: other combinations that restore on their own.
        tested: hypotheses with their pairs: "repair", "necessary", "sufficient", "left".
        placebo: None where none was tried.
        untried: causes that there was no time for.
        screened: steps of a screening trial.
    """

    board: Board
    best_of: dict[str, Combination] = field(default_factory=dict)
    repair: Combination = ()
    others: tuple[Combination, ...] = ()
    tested: list[Hypothesis] = field(default_factory=list)
    placebo: Hypothesis | None = None
    untried: tuple[str, ...] = ()
    screened: int = 0

    def hypothesis(self, kind: str, change: Combination) -> Hypothesis | None:
        """The one of this kind about a change (for "necessary" the one that is left out)."""
        for h in self.tested:
            about = h.against if kind == "necessary" else h.arm
            if h.kind == kind and about == change:
                return h
        return None


def plan(problem: Problem) -> Asking[Findings]:
    """Decides what a set-up suffers from; see above."""
    board = Board(problem)
    found = Findings(board)
    found.best_of = yield from screen(board)
    found.screened = board.steps
    first = structural(board)
    found.repair = yield from _repair(found, first)
    found.untried = tuple(s.name for s in problem.suspects if s.name not in found.best_of)
    if longer(board):
        yield from _again(found)
    yield from _confirm(found)
    while rest := _smaller(found):  # trials are paired by seed: what is known is not run again
        found.repair = rest
        yield from _confirm(found)
    return found


def _smaller(found: Findings) -> Combination:
    """The repair without a part that fresh seeds show to do nothing; () where all are needed."""
    for h in found.tested:
        if h.kind == "necessary" and h.status in (Status.REFUTED, Status.HARMFUL):
            return h.against
    return ()


def _again(found: Findings) -> Asking[None]:
    """Whether what screening saw holds in longer trials."""
    board, before = found.board, found.repair
    best = max(
        (c for (c, steps) in board.scores if steps == found.screened),
        key=lambda c: board.skill_at(c, found.screened),
    )
    yield from board.ask(((), SCREEN), (before, SCREEN), (best, SCREEN))
    yield from board.ask(((), SCREEN + 1), (before, SCREEN + 1))
    if before and not board.counts(board.skill(before)):
        found.repair = ()


def _repair(found: Findings, first: Combination) -> Asking[Combination]:
    board = found.board
    if first and board.counts(board.skill(first)) and board.skill(first) >= LEARNS * board.reach:
        return first
    if not board.counts(board.reach):
        return first if first and board.counts(board.skill(first)) else ()
    suspects = [c for n, c in found.best_of.items() if n in _suspected(board.problem)]
    alone = singles(board, suspects) or singles(board, found.best_of.values())
    if alone:
        found.others = tuple(alone[1:])
        return alone[0]
    start = board.best
    return (yield from reduced(board, start, first))


def _suspected(problem: Problem) -> set[str]:
    return {s.name for s in problem.suspects}


def _confirm(found: Findings) -> Asking[None]:
    board = found.board
    tested = _hypotheses(found)
    found.tested = tested
    found.placebo = _hypothesis(found, "placebo", (PLACEBO,), ())
    order = [*tested[:1], found.placebo, *tested[1:]]
    if not tested:
        found.placebo, order = None, []
        yield from board.ask(*(((), CONFIRM + i) for i in range(ALONE) if board.holds(i + 1)))
    yield from confirmed(board, order)


def _hypotheses(found: Findings) -> list[Hypothesis]:
    board, repair = found.board, found.repair
    made: list[Hypothesis] = []
    if repair:
        made.append(_hypothesis(found, "repair", repair, ()))
    if len(repair) > 1:
        for change in repair:
            rest = in_order(c for c in repair if c != change)
            made.append(_hypothesis(found, "necessary", repair, rest))
        made += [_hypothesis(found, "sufficient", (change,), ()) for change in repair]
    own = [found.best_of[n] for n in found.best_of if n in _suspected(board.problem)]
    rest_of = [c for c in dict.fromkeys(own) if c != repair and not set(c) <= set(repair)]
    made += [_hypothesis(found, "sufficient", c, ()) for c in rest_of[:SUSPECTS]]
    if repair:
        better = [c for c in found.others if c not in rest_of][:1]
        made += [_hypothesis(found, "sufficient", c, ()) for c in better]
    return made


def _hypothesis(found: Findings, kind: str, arm: Combination, against: Combination) -> Hypothesis:
    board = found.board
    fails = board.base < LEARNS * board.reach
    margin = board.margin if fails else max(LEAST * board.reach, board.noise / 2)
    return Hypothesis(
        kind,
        in_order(arm),
        in_order(against),
        board.measure,
        margin,
        errors=not fails and kind == "repair",
        higher=board.measure == "accuracy",
    )
