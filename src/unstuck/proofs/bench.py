"""The bench: makes the trials a plan asks for, in the user's framework, and keeps to the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from unstuck.changes.change import (
    Combination,
    Part,
    fits_together,
    in_words,
    of_setup,
    value,
    without,
)
from unstuck.changes.data import Data
from unstuck.errors import UnstuckError
from unstuck.proofs.asks import Answer, Ask, Score
from unstuck.proofs.folds import Folds, first_of
from unstuck.records.proof import Point, Trial
from unstuck.setups.trainer import Run, Trainer
from unstuck.trials.executor import InLine

RECENT = 8  # trials whose cost tells that of the next
MANY = 20  # trials of the set-up as it is, or with other data or numbers alone, in any proof
FIRST = 20  # steps of the first run, which compiles; as many as a compiled loop is held against
WARM, SLOPE = 10, 40  # steps of the runs that tell fixed cost from that of a step


@dataclass(eq=False)
class Bench:
    """Trials of one subject.

    Args:
        trainer, folds: of the subject.
        ends: clock reading (seconds) at which the budget is spent.
        clock: tells seconds.
        told: called before each trial with what is tried.
    """

    trainer: Trainer
    folds: Folds
    ends: float
    clock: Callable[[], float] = time.perf_counter
    told: Callable[[str], None] = lambda says: None
    step_seconds: float = 0.0
    fixed_seconds: float = 0.0
    refused: dict[str, str] = field(default_factory=dict)  # combination -> why
    trials: list[Trial] = field(default_factory=list)
    curves: list[tuple[Point, ...]] = field(default_factory=list)  # of the set-up as it is
    _recent: list[tuple[float, int]] = field(default_factory=list)
    _possible: dict[Combination, bool] = field(default_factory=dict)

    @property
    def seconds_left(self) -> float:
        """Until the budget is spent."""
        return self.ends - self.clock()

    def calibrate(self, steps: int, tame: Combination = ()) -> int:
        """Measures what a trial costs: what is done once (compilation, a copy) is told from what
        each step takes. Returns the steps that the budget holds.

        Args:
            steps: of the script's own training.
            tame: changes of the data with which steps are timed where those of the set-up as it
                is diverge: a run that ends at once tells nothing, and no compiled loop can be held
                against it.
        """
        self.told("how long a step takes")
        data = self.folds.first.data
        _, taken = self._timed(data, FIRST)  # compiles
        if taken < FIRST and tame and self.possible(tame):
            data = self.folds.changed(tame)[0]
            self._timed(data, FIRST)
        self.trainer.foresee(MANY * steps)
        self._timed(data, WARM)  # a compiled loop, where that pays
        self.trainer.foresee(0)
        (short, few), (long, many) = self._timed(data, WARM), self._timed(data, SLOPE)
        slope = (long - short) / (many - few) if many > few else 0.0
        self.step_seconds = slope if slope > 0 else long / max(1, many)
        self.fixed_seconds = max(0.0, short - few * self.step_seconds)
        return self.steps_left()

    @property
    def fixed(self) -> int:
        """What a trial costs beside its steps, in steps."""
        return int(self.fixed_seconds / self.step_seconds)

    def _timed(self, data: Data, steps: int) -> tuple[float, int]:
        """Seconds of a run of the set-up as it is, and the steps it took."""
        start = self.clock()
        run = self.trainer.train(data, (), 0, steps, max(self.seconds_left, 1.0))
        return self.clock() - start, run.steps

    def possible(self, changes: Combination) -> bool:
        """Whether a combination can be tried; why not is noted in `refused`."""
        if changes not in self._possible:
            why = "" if fits_together(changes) else "they exclude each other"
            wanted = of_setup(without(changes, Part.STEPS, Part.ORDER))
            why = why or self._unmade(changes) or self.trainer.refuses(wanted)
            self._possible[changes] = not why
            if why and len(changes) == 1:
                self.refused[changes[0].name] = why
        return self._possible[changes]

    def _unmade(self, changes: Combination) -> str:
        """Why data like these cannot be changed so."""
        parts, first = {c.part for c in changes}, self.folds.first
        if parts & {Part.INPUTS, Part.OUTLIERS} and "values" not in first.data.kinds:
            return "no input is of values"
        if Part.TARGETS in parts and first.held.labels is not None:
            return "the targets are classes"
        if Part.LABELS in parts and first.held.labels is None:
            return "the targets are no classes"
        return ""

    def answer(self, asks: tuple[Ask, ...]) -> Answer:
        """Makes the trials, one after the other."""
        scores = tuple(InLine(self.score).run(asks))
        return Answer(scores, self.steps_left())

    def steps_left(self) -> int:
        """Steps that the rest of the budget holds, as trials have lately cost."""
        each = self.step_seconds * len(self.folds.folds)
        dearer = float(
            np.median([seconds / (steps * each) for seconds, steps in self._recent] or 1)
        )
        return int(self.seconds_left / (dearer * each))

    def score(self, ask: Ask) -> Score | None:
        """One trial, judged; None if it cannot be made, or there is no time for it."""
        if self.seconds_left <= 0:
            return None
        self.told(in_words(ask.changes))
        factor = value(ask.changes, Part.STEPS, 1)
        assert isinstance(factor, float | int)
        steps, start = int(ask.steps * factor), self.clock()
        runs: list[tuple[Run, Data]] = []
        try:
            for data in self.folds.changed(ask.changes):
                runs.append((self.run(data, ask.changes, ask.seed, steps), data))
        except UnstuckError as error:
            self.refused[in_words(ask.changes)] = error.seen
            return None
        seconds = self.clock() - start
        if any(run.steps < steps and np.isfinite(run.loss) for run, _ in runs) and (
            self.seconds_left <= 0
        ):
            return None  # cut off: it was not as long as the others
        made = max(1, sum(run.steps for run, _ in runs) // len(runs))  # fewer where it diverged
        self._recent = [*self._recent[1 - RECENT :], (seconds, made + self.fixed)]
        pairs = zip(self.folds.folds, runs, strict=True)
        judged = [fold.judged(run, data) for fold, (run, data) in pairs]
        finite = all(np.isfinite(run.loss) and np.isfinite(run.output).all() for run, _ in runs)
        score = self.folds.score(judged, finite)
        if not ask.changes:
            self.curves.append(runs[0][0].curve)
        self._record(ask, steps, score, runs[0], seconds)
        return score

    def run(self, data: Data, changes: Combination, seed: int, steps: int) -> Run:
        """One copy trained, not judged.

        Raises:
            UnstuckError: the framework cannot train this.
        """
        wanted = of_setup(without(changes, Part.STEPS))
        return self.trainer.train(data, wanted, seed, steps, max(self.seconds_left, 1.0))

    def _record(
        self, ask: Ask, steps: int, score: Score, first: tuple[Run, Data], seconds: float
    ) -> None:
        measure = next(iter(score.values))
        run, data = first
        held = self.folds.first.held
        skills = []
        at = max(1, len(run.output) // len(data.y_held))  # rows an example
        for step, output in run.path:
            few = first_of(held, len(output) // at)
            skills.append((step, few.judged(data.restored(output)).skills.get(measure, np.nan)))
        self.trials.append(
            Trial(
                tuple(c.name for c in ask.changes),
                in_words(ask.changes),
                ask.seed,
                steps,
                score.values[measure],
                score.fits.get(measure, float("nan")),
                score.skills[measure],
                score.finite,
                run.curve,
                (*skills, (steps, score.skills[measure])),
                seconds,
                run.executor,
            )
        )
