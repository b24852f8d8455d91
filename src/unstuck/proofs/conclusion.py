"""What follows from a plan's findings: the set-up's state, each suspect's status, the repair."""

import numpy as np

from unstuck.changes.change import Change, Combination, Part, in_order, in_words
from unstuck.judging.sequential import AT_LEAST
from unstuck.proofs.asks import Score
from unstuck.proofs.board import ANYWHERE, CRAWLS, ERRORS, LEARNS, MARGIN
from unstuck.proofs.confirm import PAIRS
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.plan import Findings
from unstuck.records.proof import Part as RepairPart
from unstuck.records.proof import Repair
from unstuck.records.states import State, Status

LONG = 0.5  # of the script's own steps: shorter trials refute nothing

NEGATED = "loss-negated"


def state(found: Findings) -> State:
    """How the set-up trains as it is.

    What the script was seen to do outranks trials: what it was seen to learn is not called stuck,
    what it was seen to lose diverged.
    """
    board, seen = found.board, found.board.problem.seen
    if seen is State.DIVERGED:
        return State.DIVERGED
    scores = board.of((), confirmed=True) or board.of(())
    if not scores:
        return State.LEARNING if seen is State.LEARNING else State.UNKNOWN
    if np.mean([s.finite for s in scores]) < 0.5 and seen is not State.LEARNING:
        return State.DIVERGED
    told = _by_trials(found, scores)
    if seen is State.LEARNING and told in (State.STUCK, State.NOTHING, State.UNKNOWN, State.SLOW):
        sighted = {s.name for s in board.problem.suspects if s.sighted}
        if told is not State.NOTHING and sighted and repaired(found):
            return State.SLOW
        if told is State.UNKNOWN and lags_behind_others(found):
            return State.UNKNOWN
        return State.IMPROVABLE if _improved(found) else State.LEARNING
    return told


def lags_behind_others(found: Findings) -> bool:
    """Whether the script's own training ends with less than half of what a forest, a linear model
    or counts make of these data: learning, and nothing tried says why not more."""
    problem = found.board.problem
    return problem.ended < CRAWLS * problem.reference.get("loss", 0.0)


def _improved(found: Findings) -> bool:
    """Whether a set-up that learns is worth a repair: it gets somewhere, in trials as long as the
    script's own training or further than that, and fits no less: what only generalises better
    learns no better."""
    board = found.board
    long = board.steps >= LONG * board.problem.steps
    long = long or _outdoes_the_script(found) or _outdoes_the_ceiling(found)
    fits = board.fit(found.repair) >= board.fit(()) - board.noise
    return long and fits and repaired(found) and board.skill(found.repair) > board.noise


def _outdoes_the_script(found: Findings) -> bool:
    """Whether the repair, in fewer steps, left so much less error than the script in all of its."""
    scores = found.board.of(found.repair, confirmed=True)
    fits = [s.fits["loss"] for s in scores if "loss" in s.fits]
    return bool(fits) and 1 - found.board.problem.ended >= ERRORS * (1 - float(np.mean(fits)))


def _outdoes_the_ceiling(found: Findings) -> bool:
    """Whether the repair left so much less error than no training as it is can be without."""
    board = found.board
    ceiling = board.problem.ceiling.get(board.measure, float("inf"))
    return 1 - ceiling >= ERRORS * (1 - board.skill(found.repair))


def _by_trials(found: Findings, scores: list[Score]) -> State:
    board = found.board
    base = float(np.median([s.skills.get(board.measure, 0.0) for s in scores]))
    best = max(board.reach, base)
    known = board.problem.reference.get(board.measure, 0.0)
    long = board.steps >= LONG * board.problem.steps
    if remembered(found):
        return State.NOTHING if long else State.UNKNOWN
    if best <= board.noise:
        if known > board.noise:
            return State.STUCK if long else State.UNKNOWN
        told = board.measure in board.problem.reference  # else nobody else was asked
        told = told and not _rewards_errors(found)
        return State.NOTHING if long and told else State.UNKNOWN
    if best < CRAWLS * known:
        return State.UNKNOWN  # others learn far more from these data than anything that was tried
    if base >= LEARNS * best:
        errors = found.tested[0].errors if found.tested else False
        return State.IMPROVABLE if errors and _improved(found) else State.LEARNING
    fits = [s.fits[board.measure] for s in scores if board.measure in s.fits]
    most = max((board.fit(c) for c in board.tried), default=0.0)
    fair = all(c.part is not Part.SPLITS for c in found.repair)  # else fit says nothing of it
    if (
        fits
        and fair
        and not board.problem.small
        and float(np.median(fits)) >= LEARNS * most > board.noise
    ):
        return State.IMPROVABLE if _improved(found) else State.LEARNING
    if (base > board.noise or best < ANYWHERE) and not repaired(found):  # better by luck, maybe
        as_good = known <= max(base, board.noise) / LEARNS and _given_up(found)
        return State.LEARNING if as_good and long else State.UNKNOWN
    unseen = board.problem.seen is State.UNKNOWN
    if unseen and not long and base > max(board.noise, ANYWHERE):
        return State.UNKNOWN  # it is on its way, and nobody saw where it gets
    return State.SLOW if base >= CRAWLS * best else State.STUCK


def _rewards_errors(found: Findings) -> bool:
    """Whether what trials are measured by is a loss that is suspected of falling as errors grow."""
    board = found.board
    suspects = {s.name for s in board.problem.suspects}
    return board.measure != "accuracy" and NEGATED in suspects


def _given_up(found: Findings) -> bool:
    """Whether fresh seeds did not bear out what looked better: no more of them would prove it, or
    the interval of what it gains holds 0."""
    repair = found.hypothesis("repair", found.repair) if found.repair else None
    if repair is None or not repair.pairs:
        return False
    _, low, high = repair.interval()
    return repair.is_futile(PAIRS) or (len(repair.pairs) >= AT_LEAST and low <= 0 <= high)


def repaired(found: Findings) -> bool:
    """Whether the repair is proven."""
    repair = found.hypothesis("repair", found.repair) if found.repair else None
    proven = repair is not None and repair.status is Status.PROVEN and trusted(found)
    return proven and not remembered(found)


def remembered(found: Findings) -> bool:
    """Whether what few examples were fitted with is of no use for others: on those held out neither
    the set-up, nor its repair, nor a forest, nor a linear model does better than luck.

    Not told where luck may hide a gain that counts.
    """
    board = found.board
    if board.noise > MARGIN or board.measure not in board.problem.crossed:
        return False
    arms = [(), found.repair or board.best]
    skills = [
        float(np.mean([s.held.get(board.measure, 1.0) for s in scores]))
        for scores in (board.of(c, confirmed=True) or board.of(c) for c in arms)
        if scores
    ]
    return max([board.problem.crossed[board.measure], *skills]) <= board.noise


def trusted(found: Findings) -> bool:
    """Whether the placebo came out null, with an interval narrower than half the effect."""
    placebo, repair = found.placebo, found.hypothesis("repair", found.repair)
    if placebo is None:
        return True
    if not placebo.null or len(placebo.pairs) < 2:
        return False
    proven = repair is not None and repair.status is Status.PROVEN
    return repair is None or not proven or placebo.is_narrow(repair)


def decides(found: Findings, h: Hypothesis | None) -> Status:
    """A hypothesis's status, given what is known of the set-up and of the placebo."""
    if h is None:
        return Status.INCONCLUSIVE
    status = h.status
    if status is Status.PROVEN and not trusted(found):
        return Status.INCONCLUSIVE
    if status is Status.REFUTED and found.board.steps < LONG * found.board.problem.steps:
        return Status.INCONCLUSIVE  # trials too short to decide
    return status


def status_of(found: Findings, name: str, told: State) -> tuple[Status, Hypothesis | None]:
    """What trials say of a cause, and the hypothesis that says most of it."""
    change = found.best_of.get(name)
    if change is None:
        return Status.INCONCLUSIVE if name in found.untried else Status.SUSPECTED, None
    fails = told in (State.STUCK, State.SLOW, State.DIVERGED, State.IMPROVABLE)
    about = [h for h in (_necessary(found, change), _alone(found, change)) if h is not None]
    for h in about:
        if decides(found, h) is Status.PROVEN and repaired_or_alone(found, h):
            return (Status.PROVEN if fails else Status.INCONCLUSIVE), h
    for h in found.tested:  # on top of the repair it may gain what it does not beside it
        more = set(h.arm) - set(h.against)
        if h.kind == "left" and more <= set(change) and decides(found, h) is Status.PROVEN:
            return (Status.PROVEN if fails else Status.INCONCLUSIVE), h
    if set(change) <= set(found.repair) and about:
        return Status.INCONCLUSIVE, about[0]
    # Which sign is right cannot be told by the loss itself.
    if not about or (name == NEGATED and _rewards_errors(found)):
        return Status.INCONCLUSIVE, None
    return decides(found, about[-1]), about[-1]


def status_of_part(found: Findings, change: Change) -> Hypothesis | None:
    """The hypothesis that says most of a part of the repair."""
    return _necessary(found, (change,)) or _alone(found, (change,))


def repaired_or_alone(found: Findings, h: Hypothesis) -> bool:
    """A part is proven with its repair; what restores alone needs none."""
    return h.kind != "necessary" or repaired(found)


def _alone(found: Findings, change: Combination) -> Hypothesis | None:
    if change == found.repair:
        return found.hypothesis("repair", change)
    return found.hypothesis("sufficient", change)


def _necessary(found: Findings, change: Combination) -> Hypothesis | None:
    repair = found.repair
    if len(repair) < 2 or not set(change) <= set(repair):
        return None
    return found.hypothesis("necessary", in_order(c for c in repair if c not in change))


def repair_record(found: Findings, causes: dict[str, tuple[str, ...]]) -> Repair | None:
    """The repair with what each part does; None where none was found, or none was tried.

    Args:
        causes: names of causes by the name of the change that takes them away.
    """
    repair = found.hypothesis("repair", found.repair) if found.repair else None
    effect = None if repair is None else repair.effect(decides(found, repair))
    if effect is None:
        return None
    parts = []
    for change in found.repair:
        necessary, alone = _necessary(found, (change,)), _alone(found, (change,))
        parts.append(
            RepairPart(
                change.name,
                change.says,
                causes.get(change.name, ()),
                None if necessary is None else necessary.effect(decides(found, necessary)),
                None if alone is None else alone.effect(decides(found, alone)),
            )
        )
    return Repair(tuple(parts), in_words(found.repair), effect)


def other_repairs(found: Findings, causes: dict[str, tuple[str, ...]]) -> tuple[Repair, ...]:
    """Other changes that were proven to restore learning on their own."""
    made = []
    for h in found.tested:
        if h.kind == "sufficient" and len(h.arm) <= len(found.repair) and h.arm != found.repair:
            effect = h.effect(decides(found, h))
            if effect is not None and effect.status is Status.PROVEN:
                parts = tuple(
                    RepairPart(c.name, c.says, causes.get(c.name, ()), None, effect) for c in h.arm
                )
                made.append(Repair(parts, in_words(h.arm), effect))
    return tuple(made)


def left(found: Findings, causes: dict[str, tuple[str, ...]]) -> tuple[Repair, ...]:
    """Changes that were proven to gain on top of the repair."""
    made = []
    for h in found.tested:
        if h.kind == "left" and decides(found, h) is Status.PROVEN:
            effect = h.effect(Status.PROVEN)
            assert effect is not None
            more = tuple(c for c in h.arm if c not in h.against)
            parts = tuple(
                RepairPart(c.name, c.says, causes.get(c.name, ()), None, effect) for c in more
            )
            made.append(Repair(parts, in_words(more), effect))
    return tuple(made)
