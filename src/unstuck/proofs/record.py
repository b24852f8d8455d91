"""The record of a proof, drawn up from what the plan found and the bench measured."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from unstuck.causes import NAMES, causes, load
from unstuck.changes.change import Combination, in_words
from unstuck.proofs import chain, conclusion
from unstuck.proofs.bench import Bench
from unstuck.proofs.folds import Folds
from unstuck.proofs.plan import Findings
from unstuck.proofs.rare import advice
from unstuck.proofs.screen import structural
from unstuck.records.proof import Agreement, Arm, Proof
from unstuck.records.report import Link, Report, Suspect, Tested
from unstuck.records.states import State, Status
from unstuck.records.training import Sighting
from unstuck.setups.subject import Subject
from unstuck.setups.trainer import Trainer

Links = Mapping[Combination, tuple[Link, ...]]


def record(
    report: Report,
    subject: Subject,
    found: Findings,
    bench: Bench,
    state: State,
    agrees: Agreement,
    sightings: tuple[Sighting, ...],
    budget: float,
    seconds: float,
    trainer: Trainer,
) -> Proof:
    """The record.

    Args:
        budget: seconds it was given.
        seconds: that it took.
    """
    board, splits = found.board, bench.folds
    of_changes = _causes_of_changes(found, report)
    sound = state in (State.LEARNING, State.NOTHING)
    repair = None if sound else conclusion.repair_record(found, of_changes)
    return Proof(
        replace(report, suspects=_suspects(report, sightings, found, bench, state), state=state),
        state,
        splits.first.held.name_of(board.measure, subject.about.loss.name),
        board.measure == "accuracy",
        splits.kind,
        splits.trivial(board.measure),
        _mean(found, ()),
        _mean(found, found.repair or board.best),
        _beside(found),
        repair,
        conclusion.other_repairs(found, of_changes),
        conclusion.left(found, of_changes),
        agrees,
        _arms(found),
        None if found.placebo is None else found.placebo.effect(),
        conclusion.trusted(found),
        (),
        tuple(bench.trials),
        {
            "steps": f"{board.steps:,}",
            "trained on": f"{len(splits.first.data.y):,} examples",
            "judged on": _judged_on(splits),
            "trials": f"{len(bench.trials):,}",
        },
        seconds,
        budget,
        _more(found, bench, state, budget),
        (
            *trainer.notes,
            *subject.about.routine.unseen,
            *_refused(bench, found),
            *_of_rare(found, splits, subject),
        ),
    )


def _of_rare(found: Findings, splits: Folds, subject: Subject) -> tuple[str, ...]:
    """See `rare`; nothing where the script weights its classes."""
    labels, best = splits.first.held.labels, found.repair
    if labels is None or subject.about.routine.weights or found.board.measure != "accuracy":
        return ()
    beside = _beside(found).get("balanced accuracy")
    if beside is None:
        return ()
    balanced = beside[2] if best else beside[1]
    return advice(labels, _mean(found, best), balanced, subject.about.framework)


def _judged_on(splits: Folds) -> str:
    note = splits.first.data.note
    if splits.kind == "held-out":
        return f"{len(splits.first.held.y):,} examples, {note}"
    return note


def _refused(bench: Bench, found: Findings) -> tuple[str, ...]:
    """Why changes against suspected causes could not be tried."""
    wanted = {c.name for s in found.board.problem.suspects for change in s.changes for c in change}
    return tuple(
        f"not tried: {what}: {why}" for what, why in bench.refused.items() if what in wanted
    )


def _causes_of_changes(found: Findings, report: Report) -> dict[str, tuple[str, ...]]:
    """Names of causes by the name of a change that takes them away: suspects' first, else any
    cause that is cured so."""
    made: dict[str, tuple[str, ...]] = {}
    first = structural(found.board)
    sighted = {s.name for s in found.board.problem.suspects if s.sighted}
    for name, change in found.best_of.items():
        own = change if name in sighted else tuple(c for c in change if c not in first)
        for c in own if name in NAMES else ():
            made[c.name] = (*made.get(c.name, ()), name)
    for cause in causes():
        # what is seen for certain, and was not, is not what a change mends
        if not cause.signs or not all(sign.harm for sign in cause.signs):
            for c in cause.changes:
                made.setdefault(c.name, (cause.name,))
    return made


def _suspects(
    report: Report,
    sightings: tuple[Sighting, ...],
    found: Findings,
    bench: Bench,
    state: State,
) -> tuple[Suspect, ...]:
    """Every suspect with what trials say, and causes that only trials found."""
    links = _chains(found, bench, state)
    known = [*(_sighted(s, report.framework) for s in sightings), *report.suspects]
    made: dict[str, Suspect] = {}
    for suspect in known:
        status, h = conclusion.status_of(found, suspect.name, state)
        tested = None
        if h is not None and (effect := h.effect(conclusion.decides(found, h))) is not None:
            change = found.best_of[suspect.name]
            alone = h.kind not in ("necessary", "left")
            together = () if alone else tuple(c.says for c in found.repair if c not in change)
            tested = Tested(
                in_words(change),
                effect,
                together,
                links.get(change, ()),
                h.short if status is Status.INCONCLUSIVE else 0,
            )
        made[suspect.name] = replace(suspect, status=status, tested=tested)
    fails = state in (State.STUCK, State.SLOW, State.DIVERGED)
    if fails and conclusion.repaired(found):
        for suspect in _unsuspected(found, report, set(made), links):
            made[suspect.name] = suspect
    order = {status: i for i, status in enumerate(Status)}
    ranked = sorted(
        made.values(),
        key=lambda s: (order[s.status], s.tested is None or -s.tested.effect.effect),
    )
    return tuple(replace(s, rank=i + 1) for i, s in enumerate(ranked))


def _sighted(sighting: Sighting, framework: str) -> Suspect:
    cause = load(sighting.cause)
    return Suspect(
        cause.name, cause.title, sighting.says or cause.mechanism, 0, sighting.evidence, (),
        cause.cure(framework),
    )  # fmt: skip


def _unsuspected(found: Findings, report: Report, known: set[str], links: Links) -> list[Suspect]:
    """Causes of the repair's parts that nothing had pointed to."""
    made = []
    named = _causes_of_changes(found, report)
    for change in found.repair:
        names = named.get(change.name, ())
        if not names or set(names) & known:
            continue
        part = conclusion.status_of_part(found, change)
        if part is None or conclusion.decides(found, part) is not Status.PROVEN:
            continue
        effect = part.effect(Status.PROVEN)
        assert effect is not None
        cause = load(names[0])
        together = tuple(c.says for c in found.repair if c != change)
        made.append(
            Suspect(
                cause.name,
                cause.title,
                cause.mechanism,
                0,
                (),
                (),
                cause.cure(report.framework),
                status=Status.PROVEN,
                tested=Tested(change.says, effect, together if len(found.repair) > 1 else ()),
            )
        )
    return made


def _chains(found: Findings, bench: Bench, state: State) -> Links:
    """Links after training, with each proven change; none where there is no time."""
    if not conclusion.repaired(found) or state not in (State.STUCK, State.SLOW, State.DIVERGED):
        return {}
    board = found.board
    if not board.holds(3):
        return {}
    made: dict[Combination, tuple[Link, ...]] = {}
    base = chain.measured(bench, (), board.steps)
    for change in dict.fromkeys(found.best_of.values()):
        if base and bench.steps_left() > 2 * board.steps:
            made[change] = chain.trained(bench, change, base, board.steps)
    return made


def _mean(found: Findings, changes: Combination) -> float:
    board = found.board
    scores = board.of(changes, confirmed=True) or board.of(changes)
    values = [s.values[board.measure] for s in scores if board.measure in s.values]
    return float(np.mean(values)) if values else float("nan")


def _beside(found: Findings) -> dict[str, tuple[float, float, float]]:
    board = found.board
    made = {}
    for name in ("rmse", "balanced accuracy"):
        several = []
        for changes in ((), found.repair or board.best):
            told = [s.beside[name] for s in board.of(changes) if name in s.beside]
            several.append(float(np.nanmean(told)) if told else float("nan"))
        if np.isfinite(several[0]) or np.isfinite(several[1]):
            made[name] = (float("nan"), several[0], several[1])
    return made


def _arms(found: Findings) -> tuple[Arm, ...]:
    board = found.board
    arms = []
    for (changes, _), scores in board.scores.items():
        values = [s.values.get(board.measure, np.nan) for s in scores.values()]
        skills = [s.skills.get(board.measure, np.nan) for s in scores.values()]
        names = tuple(c.name for c in changes)
        arms.append(
            Arm(
                names,
                in_words(changes),
                len(scores),
                float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan"),
                float(np.nanmedian(skills)) if np.isfinite(skills).any() else float("nan"),
            )
        )
    return tuple(sorted(arms, key=lambda a: -a.skill))


def _more(found: Findings, bench: Bench, state: State, budget: float) -> float:
    """Seconds that may decide what is inconclusive."""
    board = found.board
    open_ones = [h for h in found.tested if h.status is Status.INCONCLUSIVE]
    pairs = sum(h.short for h in open_ones) + 5 * len(found.untried)
    each = bench.fixed_seconds + bench.step_seconds * board.steps * len(bench.folds.folds)
    more = 2 * pairs * each
    if state is State.UNKNOWN and board.steps:
        more = max(more, budget * (board.problem.steps / board.steps - 1))
    return float(more)
