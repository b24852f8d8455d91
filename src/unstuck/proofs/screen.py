"""Screening: the set-up as it is, twins that work, and every suspect's change, on seeds that are
not used again."""

from unstuck.changes.capacity import PLAIN
from unstuck.changes.change import Combination, Part, fits_together, in_order
from unstuck.changes.learning_rate import rate
from unstuck.changes.steps import LONGER
from unstuck.proofs.asks import Asking, Suspected
from unstuck.proofs.board import KEPT, SCREEN, Board

GOOD = 0.5  # skill of a twin that is enough where no reference tells more
FASTER, MUCH_FASTER = rate(2), rate(3)
ALIKE = 0.02  # in skill
SHARE = 0.25  # of what is left, which one long trial may take


def screen(board: Board) -> Asking[dict[str, Combination]]:
    """The best change against each suspected cause, by the cause's name.

    Sighted causes are cured in every other arm: nothing is proven around them.
    """
    yield from board.ask(((), SCREEN), ((), SCREEN + 1))
    first = structural(board)
    if first:
        yield from board.ask((first, SCREEN), (first, SCREEN + 1))
    best_of: dict[str, Combination] = {}
    for suspect in board.problem.suspects:
        if not suspect.sighted:
            yield from _cause(board, suspect, first, best_of)
    yield from twins(board)
    yield from seen_twice(board)
    board.choose_measure()
    if not any(board.restores(board.skill(c)) for c in best_of.values()):
        yield from wider(board, best_of)
    for suspect in board.problem.suspects:
        if suspect.sighted and (change := _cure(board, suspect)) and board.of(change):
            best_of[suspect.name] = change
    return best_of


def wider(board: Board, best_of: dict[str, Combination]) -> Asking[None]:
    """Causes that nothing points to, where those that something points to do not do."""
    first = structural(board)
    for other in board.problem.others:
        if other.name not in best_of and board.holds(KEPT):
            yield from _cause(board, other, first, best_of)
    yield from seen_twice(board)


def structural(board: Board) -> Combination:
    """The changes that cure what was seen for certain."""
    made: Combination = ()
    for suspect in board.problem.suspects:
        if suspect.sighted:
            more = tuple(dict.fromkeys((*made, *_cure(board, suspect))))
            if fits_together(more) and board.possible(more):
                made = more
    return in_order(made)


def _cure(board: Board, suspect: Suspected) -> Combination:
    """The first of a cause's changes that can be made; () for none."""
    return next((c for c in suspect.changes if board.possible(c)), ())


def together(first: Combination, change: Combination) -> Combination:
    """Both; of a part that both change, the latter's."""
    parts = {c.part for c in change}
    return in_order((*(c for c in first if c.part not in parts), *change))


def _cause(
    board: Board, suspect: Suspected, first: Combination, best_of: dict[str, Combination]
) -> Asking[None]:
    """Tries the changes that take a cause away; the best stands for it. Of many (rates) every
    second, then the neighbours of the best."""
    changes = [together(first, c) for c in suspect.changes]
    coarse = changes if len(changes) <= 3 else changes[1::2]
    tried: list[Combination] = []
    for change in coarse:
        if not board.holds(KEPT):
            break
        yield from board.ask((change, SCREEN))
        if board.of(change):
            tried.append(change)
    if len(coarse) < len(changes) and tried and board.holds(KEPT):
        at = changes.index(max(tried, key=board.skill))
        for near in (at - 1, at + 1):
            if 0 <= near < len(changes):
                yield from board.ask((changes[near], SCREEN))
                if board.of(changes[near]):
                    tried.append(changes[near])
    if tried:  # of those about as good the least change
        good = max(board.skill(c) for c in tried) - ALIKE
        best_of[suspect.name] = min((c for c in tried if board.skill(c) >= good), key=changes.index)


def twins(board: Board) -> Asking[None]:
    """Set-ups that should work, the nearest first, until one does."""
    usual = tuple(c for c in board.problem.twin if board.possible((c,)))
    twin = together(structural(board), usual)
    for candidate in _candidates(twin, board.problem.plain):
        cost = 1.0
        for change in candidate:
            if change.part is Part.STEPS and isinstance(change.value, int):
                cost *= change.value
        if cost > 1 and cost * board.steps + board.problem.fixed > SHARE * board.left:
            continue
        if cost > 1 and _works(board, board.reach):
            continue
        if not candidate or not fits_together(candidate):
            continue
        yield from board.ask((candidate, SCREEN))
        board.choose_measure()
        if _works(board, board.skill(candidate)):
            return


def _candidates(twin: Combination, plain: Combination) -> list[Combination]:
    parts = {c.part for c in twin}
    made = [twin, in_order((*twin, FASTER)), in_order((*twin, MUCH_FASTER))]
    if Part.STEPS not in parts:
        made += [in_order((*twin, LONGER[0])), in_order((*twin, FASTER, LONGER[1]))]
    for change in plain:
        rest = tuple(c for c in twin if c.part not in PLAIN.excludes)
        made.append(in_order((*rest, change)))
    return made


def _works(board: Board, skill: float) -> bool:
    known = board.problem.reference.get(board.measure, 0.0)
    enough = 0.9 * known if known > board.noise else GOOD
    return skill > board.noise and skill >= enough


def seen_twice(board: Board) -> Asking[None]:
    """The best two on a second seed, so that luck counts less."""
    for change in board.order()[:2]:
        if board.holds(KEPT):
            yield from board.ask((change, SCREEN + 1))


def longer(board: Board) -> bool:
    """Makes trials longer, up to the script's own training, as far as confirming allows."""
    affordable = board.left // KEPT - board.problem.fixed
    steps = max(board.steps, min(board.problem.steps, affordable))
    changed = steps > board.steps
    board.steps = steps
    return changed
