"""A fix: the repair, with what gains on top of it, made permanent as an object and as code, and
seen to work."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from unstuck.changes.change import Combination, Part, Role
from unstuck.cures.built import Built
from unstuck.cures.cure import cure
from unstuck.cures.printed import Block, Names, code
from unstuck.errors import UnstuckError, UsageError
from unstuck.frameworks.known import framework
from unstuck.frameworks.recognize import recognize
from unstuck.proofs.asks import Ask, Score
from unstuck.proofs.board import LEAST, Board
from unstuck.proofs.confirm import PAIRS
from unstuck.proofs.hypothesis import Hypothesis, student
from unstuck.proofs.prove import Proven
from unstuck.records.fix import Fix, Level
from unstuck.records.states import Status
from unstuck.setups.admission import seconds
from unstuck.setups.split import split
from unstuck.setups.subject import Given, Subject
from unstuck.setups.untouched import untouched

FIRST = 9_000  # seed: these are never used in choosing
PAIRS_AT_LEAST = 6

Printer = Callable[[Names], tuple[Block, ...]]


@dataclass(frozen=True, eq=False)
class Fixed:
    """A fix with what is alive of it.

    Args:
        record: what was found.
        model: a new object with the cure in it, ready to train; the user's is untouched.
        arguments: what goes with the model where it does not hold it: loss, optimizer.
        printer: prints the cure in other names.
        least: prints the repair alone, for where the whole has no place; None where that is all.
    """

    record: Fix
    model: Any
    arguments: dict[str, Any]
    printer: Printer
    least: Printer | None = None


def fix(proven: Proven, budget: float | None = None) -> Fixed:
    """The repair with what gains on top of it, built and verified on fresh seeds; the repair alone
    where the whole cannot be built or printed.

    Args:
        budget: seconds for verification; None for as many as it takes. Fewer than five pairs do
            not verify.

    Raises:
        UsageError: nothing is to be repaired, or nothing was proven to.
    """
    if budget is not None:
        seconds("budget", budget)
    proof = proven.record
    repair = proof.repair
    if repair is None or not proof.fixable:
        raise UsageError(f"there is nothing to fix: {proof.outcome}", "a proof with a repair")
    with untouched():
        changes, built, printer, least = _made(proven)
        test = _verified(proven, built, changes, budget)
    parts = [p for r in (repair, *proof.left) for p in r.parts if p.change in _names(changes)]
    names = tuple(dict.fromkeys(c for part in parts for c in part.causes))
    why = " ".join(s.mechanism for s in proof.report.suspects if s.name in names)
    before, after = ([pair[i].values[test.measure] for pair in test.pairs] for i in (0, 1))
    record = Fix(
        names,
        cure(changes).says,
        why,
        code(printer(Names())),
        _level(before),
        _level(after),
        test.effect(),
        proof.measure,
        test.status is Status.PROVEN,
    )
    return Fixed(record, built.model, built.arguments, printer, least)


def _made(proven: Proven) -> tuple[Combination, Built, Printer, Printer | None]:
    """The changes, the cured object, and how they are printed: all, and the repair alone."""
    found, subject = proven.found, proven.subject
    module = _cures(subject)

    def printer_of(changes: Combination) -> Printer:
        return untouched()(partial(module.printed, subject, cure(changes)))  # some make objects

    def made(changes: Combination) -> tuple[Built, Printer]:
        return module.built(subject, cure(changes)), printer_of(changes)

    if found.whole != found.repair:
        try:
            built, printer = made(found.whole)
            printer(Names())
            return found.whole, built, printer, printer_of(found.repair)
        except UsageError:
            pass  # of changes that go well together in trials not all do in code
    return found.repair, *made(found.repair), None


def _names(changes: Combination) -> frozenset[str]:
    return frozenset(c.name for c in changes)


def _cures(subject: Subject) -> Any:
    return framework(subject.about.framework).module("cure")


def _level(values: list[float]) -> Level:
    mean, low, high = student(values)
    several = len(values) > 1
    nothing = float("nan")
    return Level(
        mean if values else nothing,
        low if several else nothing,
        high if several else nothing,
        len(values),
    )


def _verified(
    proven: Proven, built: Built, changes: Combination, budget: float | None
) -> Hypothesis:
    """Trains the set-up as it is and the cure itself, side by side, on fresh seeds."""
    found, bench = proven.found, proven.bench
    board: Board = found.board
    ends = bench.clock() + (budget or float("inf"))
    bench.ends = ends
    tested = found.hypothesis("repair", found.repair)
    test = Hypothesis(
        "repair",
        changes,
        (),
        board.measure,
        tested.margin if tested else LEAST,
        errors=tested.errors if tested else False,
        higher=board.measure == "accuracy",
    )
    cured = _trial(proven, built, changes)
    longest = 0.0
    for seed in range(FIRST, FIRST + PAIRS):
        if len(test.pairs) >= PAIRS_AT_LEAST and test.status is not Status.INCONCLUSIVE:
            break
        if bench.clock() + longest > ends:
            break
        start = bench.clock()
        base, arm = bench.score(Ask((), seed, board.steps)), cured(seed)
        longest = max(longest, bench.clock() - start)
        if base is None or arm is None:
            break
        test.add(base, arm)
    return test


def _trial(proven: Proven, built: Built, changes: Combination) -> Callable[[int], Score | None]:
    """Trials of the cure itself, recognized and trained as any set-up of its framework is, on the
    routine that the script has; what cannot be recognized is tried as the proof tried it."""
    bench, found, subject = proven.bench, proven.found, proven.subject
    board = found.board

    def as_proven(seed: int) -> Score | None:
        return bench.score(Ask(changes, seed, board.steps))

    folds = bench.folds
    if len(folds.folds) > 1 or not _alone(changes):
        return as_proven
    base = folds.first.data
    data = built.data or base
    x = data.x if len(data.x) > 1 else data.x[0]
    held = data.x_held if len(data.x_held) > 1 else data.x_held[0]
    about = subject.about
    arguments: dict[str, Any] = {"batch_size": about.batch_size, "shuffle": about.shuffled}
    arguments |= {k: v for k, v in built.arguments.items() if k in _GIVEN}
    given = Given(x, data.y, (held, data.y_held), examples=len(data.y), **arguments)
    try:
        cured = recognize(built.model, given).with_routine(about.routine)
        trainer = cured.trainer()
    except UnstuckError:
        return as_proven
    targets = folds.changed(changes)[0].targets
    if about.framework == "sklearn":  # what its pipeline makes of the data
        data = split(cured.sample)
    data = replace(data, targets=targets)

    # A start is drawn anew by its rule, not by the initialisers of the cured object's layers.
    start = tuple(c for c in changes if c.part is Part.START)
    start = () if trainer.refuses(start) else start

    def score(seed: int) -> Score | None:
        try:
            run = trainer.train(data, start, seed, board.steps, max(bench.seconds_left, 1.0))
        except UnstuckError:
            return as_proven(seed)
        run = replace(run, output=built.restored(run.output), fitted=built.restored(run.fitted))
        finite = bool(np.isfinite(run.loss) and np.isfinite(run.output).all())
        return folds.score([folds.first.judged(run, data)], finite)

    return score


def _alone(changes: Combination) -> bool:
    """Whether the cured object by itself does what the trial did: nothing of it is done by a loop
    around the object."""
    return all(
        c.part.role is not Role.TRAINING and c.part is not Part.CLASS_WEIGHTS for c in changes
    )


_GIVEN = ("loss", "optimizer", "batch_size", "shuffle", "step")
