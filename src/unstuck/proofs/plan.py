"""The plan of a proof: from a set-up that fails and a twin that works to the smallest repair.

1. Screen: the set-up as it is, twins, every suspect's change; see `proofs.screen`.
2. Reduce: the smallest set of changes that restores what the best restores; see
   `proofs.reduction`.
3. Confirm, on fresh paired seeds: as it is against repaired; repaired without each part; each
   part alone; each suspect alone; a placebo; see `proofs.confirm`.
4. On top: changes that gain beside the repair, one after the other; see `proofs.top`. What is
   left of the budget goes to what is not decided.

Pure: trials are asked for and their scores are told, with a clock in steps.
"""

from dataclasses import dataclass, field

from unstuck.changes.change import Change, Combination, in_order
from unstuck.changes.placebo import PLACEBO
from unstuck.proofs.asks import Asking, Problem
from unstuck.proofs.board import CONFIRM, CONFIRMING, KEPT, LEARNS, LEAST, SCREEN, Board
from unstuck.proofs.confirm import SEEDS, SHARES, confirmed, finished
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.reduction import reduced, singles
from unstuck.proofs.screen import longer, screen, seen_again, structural, twins, wider, works
from unstuck.proofs.top import on_top
from unstuck.records.states import Status

FINALISTS = 3  # of screening, which longer trials see as well
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
        tested: hypotheses with their pairs: "repair", "necessary", "sufficient",
            "left" (on top of the repair and of those before it).
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

    @property
    def whole(self) -> Combination:
        """The repair with what was proven to gain on top of it."""
        tops = [h for h in self.tested if h.kind == "left" and h.status is Status.PROVEN]
        return tops[-1].arm if tops else self.repair

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
    found.repair = yield from _repair(found)
    if longer(board):
        yield from _again(found)
    for attempt in range(len(SHARES)):
        if attempt:
            yield from _elsewhere(found)
        yield from _confirm(found, attempt)
        spared = sum(SHARES[attempt + 1 :])
        while rest := _smaller(found):  # trials are paired by seed: known ones are not run again
            found.repair = rest
            yield from _confirm(found, attempt)
        if not _failed(found) or not board.holds(KEPT):
            break
    repair = found.hypothesis("repair", found.repair) if found.repair else None
    if repair is not None and repair.status is Status.PROVEN:
        found.tested += yield from on_top(board, repair, _more(found), spared)
        yield from finished(board, found.tested)
    found.untried = tuple(s.name for s in problem.suspects if s.name not in found.best_of)
    return found


FIRM = 4  # seeds of what is taken for a repair, once fresh ones did not bear one out


def _failed(found: Findings) -> bool:
    """Whether there is something to repair, and fresh seeds did not bear the repair out."""
    board = found.board
    repair = found.hypothesis("repair", found.repair) if found.repair else None
    if repair is not None:
        return repair.status is not Status.PROVEN
    best = max(board.reach, board.problem.reference.get(board.measure, 0.0))
    return best > board.noise and board.base < LEARNS * best


def _elsewhere(found: Findings) -> Asking[None]:
    """Another repair than those that fresh seeds did not bear out: from what nothing pointed to,
    from twins once more, from the best on a second seed."""
    board = found.board
    if found.repair:
        board.rejected.add(found.repair)
        found.repair = ()
    board.seeds = FIRM
    if not works(board, board.skill(board.best)):
        yield from wider(board, found.best_of)
        yield from twins(board)
    yield from seen_again(board)
    found.repair = yield from _repair(found)


def _smaller(found: Findings) -> Combination:
    """The repair without a part that fresh seeds show to do nothing; () where all are needed.

    What cures a fault that was seen for certain stays, unless it does harm: another part may well
    hide the fault.
    """
    certain = set(structural(found.board))
    for h in found.tested:
        idle = h.status is Status.REFUTED and not set(found.repair) - set(h.against) <= certain
        if h.kind == "necessary" and (idle or h.status is Status.HARMFUL):
            return h.against
    return ()


def _again(found: Findings) -> Asking[None]:
    """The repair anew, from what was best in screening, in longer trials."""
    board, steps = found.board, found.screened
    seen = [c for (c, n) in board.scores if n == steps and c and c != found.repair]
    seen.sort(key=lambda c: -board.skill_at(c, steps))
    few = [c for c in (found.repair, *seen[:FINALISTS]) if c]
    yield from board.ask(((), SCREEN), ((), SCREEN + 1))
    for change in few:
        if board.holds(CONFIRMING):
            yield from board.ask((change, SCREEN))
    yield from board.ask((found.repair, SCREEN + 1))
    yield from seen_again(board)
    found.repair = yield from _repair(found)


def _repair(found: Findings) -> Asking[Combination]:
    """The smallest combination that restores what the best restores; () for none."""
    board, first = found.board, structural(found.board)
    cures = bool(first) and board.counts(board.skill(first), certain=True)
    if cures and board.skill(first) >= LEARNS * board.reach:
        return first
    if board.skill(board.best) <= board.noise:
        return ()
    if not board.counts(board.skill(board.best)):
        return first if cures else ()
    known = _suspected(board.problem)
    suspects = [c for n, c in found.best_of.items() if n in known]
    alone = singles(board, suspects) or singles(board, found.best_of.values())
    if alone:
        found.others = tuple(alone[1:])
        return alone[0]
    start = board.best
    if found.repair and board.restores(board.skill(found.repair)):
        start = found.repair
    return (yield from reduced(board, start, first))


def _suspected(problem: Problem) -> set[str]:
    return {s.name for s in problem.suspects}


def _confirm(found: Findings, attempt: int) -> Asking[None]:
    board = found.board
    tested = _hypotheses(found)
    found.tested = tested
    found.placebo = _hypothesis(found, "placebo", (PLACEBO,), ())
    order = [*tested[:1], found.placebo, *tested[1:]]
    if not tested:
        found.placebo, order = None, []
        yield from board.ask(*(((), CONFIRM + i) for i in range(ALONE) if board.holds(i + 1)))
    yield from confirmed(board, order, SHARES[attempt], CONFIRM + SEEDS * attempt)


def _more(found: Findings) -> list[Change]:
    """What may gain on top of the repair: suspects' changes, those of the twin, and what may do so
    beside a repair alone."""
    problem = found.board.problem
    of_suspects = [found.best_of[n] for n in found.best_of if n in _suspected(problem)]
    more = [c for combination in of_suspects for c in combination]
    return [*dict.fromkeys((*more, *problem.twin, *problem.beside))]


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
    first = structural(board)  # a fault seen for certain is cured on both sides
    for combination in rest_of[:SUSPECTS]:
        against = first if set(first) < set(combination) else ()
        made.append(_hypothesis(found, "sufficient", combination, against))
    if repair:
        better = [c for c in found.others if c not in rest_of][:1]
        made += [_hypothesis(found, "sufficient", c, ()) for c in better]
    return made


def _hypothesis(found: Findings, kind: str, arm: Combination, against: Combination) -> Hypothesis:
    board = found.board
    fails = board.base < LEARNS * board.reach
    luck = 0.0 if arm and arm == structural(board) else board.noise / 2
    margin = board.margin if fails else max(LEAST * board.reach, luck)
    return Hypothesis(
        kind,
        in_order(arm),
        in_order(against),
        board.measure,
        margin,
        errors=not fails and kind == "repair",
        higher=board.measure == "accuracy",
    )
