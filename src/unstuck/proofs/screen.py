"""Screening: the set-up as it is, twins that work, and every suspect's change, on seeds that are
not used again."""

from unstuck.changes.capacity import PLAIN
from unstuck.changes.change import Combination, Part, fits_together, in_order, value
from unstuck.changes.learning_rate import rate
from unstuck.changes.steps import LONGER
from unstuck.proofs.asks import Asking, Suspected
from unstuck.proofs.board import KEPT, LEARNS, PLENTY, SCREEN, SEEDS, WORTH, Board

GOOD = 0.5  # skill of a twin that is enough where no reference tells more
FASTER, MUCH_FASTER = rate(2), rate(3)
ALIKE = 0.02  # in skill
TWICE = 3  # twins that are tried in longer trials as well
AGAIN = 6  # trials that see once more in longer ones what screening saw
FLAT = 2  # sizes of a change that nothing points to, which may do nothing before others are left
SHARE = 0.25  # of what is left, which one long trial may take


def screen(board: Board) -> Asking[dict[str, Combination]]:
    """The best change against each suspected cause, by the cause's name.

    Sighted causes are cured in every other arm: nothing is proven around them.
    """
    short = board.steps
    yield from board.ask(((), SCREEN), ((), SCREEN + 1))
    first = structural(board)
    if first:
        yield from board.ask((first, SCREEN), (first, SCREEN + 1))
    best_of: dict[str, Combination] = {}
    for suspect in board.problem.suspects:
        if not suspect.sighted:
            yield from _cause(board, suspect, first, best_of)
    yield from twins(board)
    if board.steps > short:
        known = [c for c in (first, *best_of.values()) if c]
        yield from board.ask(*((c, SCREEN) for c in known))
    yield from seen_again(board)
    board.choose_measure()
    restored = any(board.restores(board.skill(c)) for c in best_of.values())
    if not restored and not works(board, board.reach):  # else the twin is walked back from
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
            yield from _cause(board, other, first, best_of, FLAT)
    yield from seen_again(board)


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
    board: Board,
    suspect: Suspected,
    first: Combination,
    best_of: dict[str, Combination],
    flat: int = 10**9,
) -> Asking[None]:
    """Tries the changes that take a cause away; the best stands for it.

    Of many (rates) every second, then the neighbours of the best.

    Args:
        flat: how many of them may do nothing before the others are left.
    """
    changes = [together(first, c) for c in suspect.changes]
    sizes = len(changes) > 3  # of one change, in order
    tried: list[Combination] = []

    def idle() -> bool:
        nothing = [c for c in tried if board.skill(c) <= board.base + ALIKE]
        return len(nothing) == len(tried) >= flat

    for change in changes[1::2] if sizes else changes:
        if not board.holds(KEPT) or (sizes and (_past_its_best(board, tried) or idle())):
            break
        yield from board.ask((change, SCREEN))
        if board.of(change):
            tried.append(change)
    if sizes and tried and not idle() and board.holds(KEPT):
        at = changes.index(max(tried, key=board.skill))
        for near in (at - 1, at + 1):
            if 0 <= near < len(changes):
                yield from board.ask((changes[near], SCREEN))
                if board.of(changes[near]):
                    tried.append(changes[near])
    if tried:  # of those about as good the least change
        good = max(board.skill(c) for c in tried) - ALIKE
        best_of[suspect.name] = min((c for c in tried if board.skill(c) >= good), key=changes.index)


def _past_its_best(board: Board, tried: list[Combination]) -> bool:
    """Whether the last of several sizes of one change did worse than one before."""
    if len(tried) < 2:
        return False
    best = max(board.skill(c) for c in tried[:-1])
    return board.skill(tried[-1]) < min(best, board.base) - ALIKE or (
        best > board.noise and board.skill(tried[-1]) < best - ALIKE
    )


def twins(board: Board) -> Asking[None]:
    """Set-ups that should work, the nearest first, until one does; in trials that double where
    none does, up to the script's own training, and in longer ones than that at the last."""
    usual = tuple(c for c in board.problem.twin if board.possible((c,)))
    twin = together(structural(board), _cured(board, usual))
    twin = _feasible(board, twin)
    candidates = [c for c in _candidates(twin, board.problem.plain) if c and fits_together(c)]
    while True:
        for candidate in candidates:
            yield from board.ask((candidate, SCREEN))
            board.choose_measure()
            if works(board, board.skill(candidate)):
                return
        candidates = sorted(candidates, key=lambda c: -board.skill(c))[:TWICE]
        if not _doubled(board):
            break
        yield from board.ask(((), SCREEN), ((), SCREEN + 1))
    for candidate in _longer(twin):
        factor = value(candidate, Part.STEPS, 1)
        assert isinstance(factor, float | int)
        if factor * board.steps + board.problem.fixed > SHARE * board.left:
            continue
        yield from board.ask((candidate, SCREEN))
        board.choose_measure()
        if works(board, board.skill(candidate)):
            return


def _cured(board: Board, usual: Combination) -> Combination:
    """The twin's changes, and what cures suspects that none of these touches."""
    made = usual
    for suspect in board.problem.suspects:
        tried = [c for c in suspect.changes if board.possible(c)]
        best = max(tried, key=board.skill, default=())
        parts = {c.part for c in made} | {Part.RATE, Part.STEPS}
        if best and not {c.part for c in best} & parts and fits_together((*made, *best)):
            made = (*made, *best)
    return in_order(made)


def _feasible(board: Board, changes: Combination) -> Combination:
    """The changes, as many of them as can be made together."""
    made: Combination = ()
    for change in changes:
        more = in_order((*made, change))
        if fits_together(more) and board.possible(more):
            made = more
    return made


def _candidates(twin: Combination, plain: Combination) -> list[Combination]:
    made = [twin, in_order((*twin, FASTER)), in_order((*twin, MUCH_FASTER))]
    for change in plain:
        rest = tuple(c for c in twin if c.part not in PLAIN.excludes)
        made.append(in_order((*rest, change)))
    return made


def _longer(twin: Combination) -> list[Combination]:
    factor = value(twin, Part.STEPS, 1)  # more than 1 where the training was seen to be too short
    made = [together(twin, (c,)) for c in (LONGER[0], LONGER[1]) if factor != c.value]
    return [made[0], together(made[-1], (FASTER,))]


def _doubled(board: Board) -> bool:
    """Makes trials twice as long, at most as the script's own training, if that is affordable."""
    steps = min(2 * board.steps, board.problem.steps)
    cost = steps + board.problem.fixed
    if steps < WORTH * board.steps or board.left < (KEPT + TWICE) * cost:
        return False
    board.steps = steps
    return True


def works(board: Board, skill: float) -> bool:
    """Whether a skill is about what there is."""
    known = board.problem.reference.get(board.measure, 0.0)
    enough = LEARNS * known if known > board.noise else GOOD
    return skill > board.noise and skill >= enough


def seen_again(board: Board) -> Asking[None]:
    """The best two on a second seed, so that luck counts less; on more where there is time: then
    what was best by luck falls back, and others are seen in its place."""
    seen: set[Combination] = set()
    while best := [c for c in board.order()[:2] if c not in seen]:
        seen |= set(best)
        for change in best:
            for i in range(1, SEEDS):
                if board.holds(KEPT if i < board.seeds else PLENTY):
                    yield from board.ask((change, SCREEN + i))
        if not board.holds(PLENTY if board.seeds == 2 else KEPT):
            break


def longer(board: Board) -> bool:
    """Makes trials longer, up to the script's own training, as far as confirming allows."""
    affordable = board.left // (KEPT + AGAIN) - board.problem.fixed
    steps = min(board.problem.steps, affordable)
    if steps < WORTH * board.steps:
        return False
    board.steps = steps
    return True
