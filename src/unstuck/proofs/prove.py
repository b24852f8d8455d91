"""Decides what keeps a set-up from learning, by paired trials within a budget of seconds.

The edge around the plan: makes its trials in the user's framework, keeps the clock, holds the
first of them against what the script was seen to do, and draws up the record.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from unstuck.causes import load
from unstuck.changes.change import Combination, Role
from unstuck.diagnosis import Diagnosed
from unstuck.errors import UsageError
from unstuck.judging.reference import reference
from unstuck.proofs import conclusion
from unstuck.proofs.agreement import SEEDS, agreement, of_one
from unstuck.proofs.asks import Ask, Problem
from unstuck.proofs.bench import Bench
from unstuck.proofs.board import SCREEN, Board
from unstuck.proofs.candidates import (
    Facts,
    beside,
    ceiling,
    compresses,
    mismatched,
    others,
    outside,
    plain,
    suspected,
    twin,
)
from unstuck.proofs.facts import check_statistics, facts
from unstuck.proofs.folds import CROSSED, Folds, folds
from unstuck.proofs.plan import Findings, plan
from unstuck.proofs.record import record
from unstuck.records.proof import OTHERS_KNOW, Agreement, Point, Proof
from unstuck.records.report import Report
from unstuck.records.states import State
from unstuck.records.training import Sighting, Witness
from unstuck.setups.admission import enough_memory, seconds, whole_number
from unstuck.setups.heard import heard
from unstuck.setups.subject import Subject
from unstuck.setups.trainer import Localizing
from unstuck.setups.untouched import untouched

EXAMPLES = 4_096  # trained on, at most
SHARE = 0.95  # of the budget, which the plan may take
STEPS, EPOCHS = (1_000, 3_000), 20  # of a trial, where the script's own training was not seen
OTHERS = 8  # seeds among which one that does what the script does is looked for
SMALLER = 1.5  # times as many examples as a trial has make it remember what the script need not
# Faults seen for certain, with which trials of anything else say nothing.
SUMMED = 64  # examples that tell whether a loss is a sum
MEANINGLESS = frozenset({"loss-negated", "examples-mixed", "loss-detached", "updates-discarded"})
WELL = 0.8  # of the loss of knowing nothing: a script that comes below was seen to learn


@dataclass(frozen=True, eq=False)
class Proven:
    """A proof, and what a fix goes on from.

    Args:
        record: what was found.
        found, bench, subject: of the plan, its trials and the set-up.
    """

    record: Proof
    found: Findings
    bench: Bench
    subject: Subject


def prove(
    diagnosed: Diagnosed,
    budget: float = 60.0,
    *,
    epochs: int | None = None,
    examples: int = EXAMPLES,
    told: Callable[[str], None] = lambda says: None,
    witness: Witness | None = None,
    sightings: Sequence[Sighting] = (),
    clock: Callable[[], float] = time.perf_counter,
) -> Proven:
    """Decides by trials what keeps a set-up from learning, and finds the smallest repair.

    The user's model, optimizer, data and random states stay as they were: copies are trained.

    Args:
        diagnosed: a diagnosis.
        budget: seconds.
        epochs: of each trial; None for as long as the script's own training, or as people train.
        examples: trained on, at most.
        told: called with what is being tried.
        witness: what the script's own training was seen to do.
        sightings: faults of its loop that were seen.
        clock: tells seconds.

    Raises:
        UsageError: nothing can be trained or judged.
    """
    seconds("budget", budget)
    whole_number("examples", examples, 2)
    if epochs is not None:
        whole_number("epochs", epochs, 1)
    if not callable(told):
        raise UsageError(f"told={told!r}", "a function of what is being tried")
    told = heard("told", told, "and the proof goes on")
    began = clock()
    with untouched(), enough_memory():
        subject = diagnosed.again(examples)
        return _proven(
            diagnosed.report, subject, budget, began, epochs, told, witness, tuple(sightings), clock
        )


def _proven(
    report: Report,
    subject: Subject,
    budget: float,
    began: float,
    epochs: int | None,
    told: Callable[[str], None],
    witness: Witness | None,
    sightings: tuple[Sighting, ...],
    clock: Callable[[], float],
) -> Proven:
    if subject.sample.y is None:
        raise UsageError("the targets cannot be told from the inputs", "pairs (x, y)")
    sample = subject.sample
    seen = subject.observe(tuple(a[:2] for a in sample.x), subject.sample.y[:2])
    trainer = subject.trainer()
    why = trainer.refuses(())
    if why:
        raise UsageError(f"nothing can be trained: {why}", "an optimizer")
    check_statistics(report)
    splits = folds(sample, subject.about, seen.output.shape[1], trainer.loss)
    if splits is None:
        raise UsageError(
            "there is nothing to judge the trials by",
            "one label or target an example, and finite targets",
        )
    bench = Bench(trainer, splits, began + SHARE * budget, clock, told)
    about = subject.about
    batches = -(-len(splits.first.data.y) // max(1, about.batch_size))
    steps = _steps(about.routine.steps, epochs, batches)
    pointed = {s.name for s in report.suspects} | {s.cause for s in sightings}
    _check_can_be_cured(pointed, bench, about.framework)
    known = facts(subject, seen, splits)
    usual = twin(known)
    left = bench.calibrate(steps, tuple(c for c in usual if c.part.role is Role.DATA))
    problem = _problem(report, known, usual, splits, bench, left, steps, witness, sightings)
    fuller = _fuller(known, splits)
    found, agrees = _decided(problem, bench, subject, witness, fuller)
    state = conclusion.state(found) if agrees.agrees is not False else _watched(problem)
    notes: tuple[str, ...] = ()
    if state is State.UNKNOWN and conclusion.lags_behind_others(found):
        notes = (OTHERS_KNOW,)
    if agrees.some and state is State.LEARNING:
        state = State.UNKNOWN
        notes = (f"it hangs on the seed: {agrees.says}; most learn",)
    origin = ""
    if state is State.DIVERGED and agrees.agrees is not False and isinstance(trainer, Localizing):
        origin = trainer.first_not_finite(splits.first.data, SCREEN, found.board.steps)
    made = record(
        report, subject, found, bench, state, agrees, sightings, budget, clock() - began, trainer
    )
    made = replace(made, origin=origin, notes=(*made.notes, *notes))
    return Proven(made, found, bench, subject)


def _check_can_be_cured(seen: set[str], bench: Bench, framework: str) -> None:
    """Nothing is proven around a fault that makes all that trials say meaningless.

    Raises:
        UsageError: there is one, and no trial can be without it.
    """
    for cause in (load(name) for name in sorted(seen & MEANINGLESS)):
        if not any(bench.possible((change,)) for change in cause.changes):
            raise UsageError(
                f"there is a fault that no trial can be without: {cause.title}",
                "a training without it, before anything else is tried",
                cause.cure(framework),
            )


def _problem(
    report: Report,
    known: Facts,
    usual: Combination,
    splits: Folds,
    bench: Bench,
    left: int,
    steps: int,
    witness: Witness | None,
    sightings: tuple[Sighting, ...],
) -> Problem:
    if mismatched(known):
        sightings = (Sighting("target-shape", (), ""), *sightings)
    if outside(known):
        sightings = (Sighting("label-coding", (), ""), *sightings)
    suspects = suspected(report.suspects, sightings, known)
    return Problem(
        suspects,
        others(known, suspects),
        usual,
        plain(known),
        bench.possible,
        steps,
        left,
        bench.fixed,
        tuple(m.name for m in splits.first.held.measures),
        splits.noise(),
        {}
        if splits.small or compresses(known.data)
        else reference(known.data, splits.first.held, known.about.output_activation, known.outputs),
        _seen(witness),
        splits.small,
        _ended(witness),
        _crossed(splits, known) if splits.kind == CROSSED else {},
        ceiling(known, splits.first.held),
        beside(known),
    )


def _crossed(splits: Folds, known: Facts) -> dict[str, float]:
    """The reference's held-out skill, the mean over the folds."""
    activation = known.about.output_activation
    try:
        found = [reference(f.data, f.held, activation, known.outputs) for f in splits.folds]
    except ValueError:  # a loss of the script's own that takes outputs of another shape
        return {}
    names = set.intersection(*(set(f) for f in found))
    return {name: float(np.mean([f[name] for f in found])) for name in names}


def _steps(own: int, epochs: int | None, batches: int) -> int:
    if epochs is not None:
        return max(1, epochs * batches)
    if own > 0:
        return own
    least, most = STEPS
    return min(max(EPOCHS * batches, least), most)


def _seen(witness: Witness | None) -> State:
    """What the script itself was seen to do."""
    if witness is None or witness.meaningless:
        return State.UNKNOWN
    if witness.broken:
        return State.DIVERGED
    if not witness.losses or not np.isfinite(witness.nothing):
        return State.UNKNOWN
    last, nothing = _end(witness), witness.nothing
    return State.LEARNING if last < nothing - (1 - WELL) * abs(nothing) else State.STUCK


def _end(witness: Witness) -> float:
    """The script's loss at the end: the mean of the last tenth that was seen."""
    tail = [loss for _, loss in witness.losses[-max(1, len(witness.losses) // 10) :]]
    return float(np.mean(tail))


def _ended(witness: Witness | None) -> float:
    """The same as skill; NaN where its losses do not tell."""
    if witness is None or witness.meaningless or witness.broken or not witness.losses:
        return float("nan")
    return 1 - _end(witness) / witness.nothing if witness.nothing > 0 else float("nan")


def _fuller(known: Facts, splits: Folds) -> float:
    """How many times as large the script's loss is for its batch being larger than a trial's whole
    data: 1 but for a loss that is summed over it."""
    own, y = splits.first.held.own, splits.first.data.y
    if known.about.batch_size <= len(y):
        return 1.0
    few = y[:SUMMED]
    nothing = np.full((len(few), known.outputs), 0.5)  # which any loss takes
    once = own(nothing, few)
    twice = own(np.concatenate([nothing] * 2), np.concatenate([few] * 2))
    summed = np.isfinite(twice) and np.isclose(twice, 2 * once, rtol=0.01) and once != 0
    return known.about.batch_size / len(y) if summed else 1.0


def _decided(
    problem: Problem, bench: Bench, subject: Subject, witness: Witness | None, fuller: float
) -> tuple[Findings, Agreement]:
    """Runs the plan to its end, or until trials as it is turn out not to do what the script
    does.

    Args:
        fuller: see `_fuller`.
    """
    asking = plan(problem)
    examples, trained = subject.sample.examples or 0, len(bench.folds.first.data.y)
    size = max(1, subject.about.batch_size)
    batches = -(-max(examples, trained) // size)
    smaller = examples > SMALLER * trained
    fresh = 2 * -(-trained // size) if smaller else 10**9
    agrees = Agreement(None, "the script's losses were not seen")
    asks, known = next(asking), 0

    def curves() -> list[list[Point]]:
        return [[(step, fuller * loss) for step, loss in c] for c in bench.curves]

    while True:
        answer = bench.answer(asks)
        if agrees.agrees is not False and known < min(SEEDS, len(bench.curves)):
            known = len(bench.curves)
            agrees = agreement(witness, curves(), batches, fresh)
            if agrees.agrees is False and problem.seen is not State.LEARNING:
                # whether it hangs on the seed: some units never answer to anything
                steps = next(t.steps for t in reversed(bench.trials) if not t.changes)
                bench.answer(tuple(Ask((), SCREEN + i, steps) for i in range(known, OTHERS)))
                agrees, known = of_one(witness, curves(), batches, fresh) or agrees, OTHERS
        try:
            if agrees.agrees is False:
                asking.close()
                return Findings(Board(problem)), agrees
            asks = asking.send(answer)
        except StopIteration as end:
            found: Findings = end.value
            return found, agrees


def _watched(problem: Problem) -> State:
    """The state where trials say nothing: what the script was seen to do."""
    return problem.seen if problem.seen is not State.STUCK else State.UNKNOWN
