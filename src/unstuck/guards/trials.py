"""The trials that a guard asks for: copies of one set-up, trained from fresh seeds and judged."""

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from unstuck.changes.change import Change, Combination, Part, fits_together, in_order
from unstuck.changes.data import Data
from unstuck.changes.learning_rate import rate
from unstuck.diagnosis import diagnosed
from unstuck.errors import DataError, UsageError
from unstuck.judging.reference import reference
from unstuck.judging.yardstick import Yardstick, yardsticks
from unstuck.proofs.asks import Ask, Score
from unstuck.proofs.bench import Bench
from unstuck.proofs.candidates import Facts, suspected, twin
from unstuck.proofs.facts import check_statistics, facts
from unstuck.proofs.folds import Fold, Folds, folds
from unstuck.records.report import Report
from unstuck.setups.sample import rows
from unstuck.setups.subject import Sample, Subject

EXAMPLES = 4_096  # trained on, at most
SUSPECTS = 2  # whose first change is tried beside the twin


@dataclass(frozen=True, eq=False)
class Trials:
    """Trials of one set-up.

    Args:
        report: its diagnosis.
        subject: the set-up.
        bench: makes the trials.
        steps: of each.
        seed: the first one; the others follow it.
    """

    report: Report
    subject: Subject
    bench: Bench
    steps: int
    seed: int

    def score(self, changes: Combination, i: int) -> Score | None:
        """The trial on the i-th seed, judged; None where these changes cannot be made.

        Raises:
            UsageError: there was no time for it, or the set-up as it is cannot be trained.
        """
        score = self.bench.score(Ask(changes, self.seed + i, self.steps))
        if score is None and self.bench.seconds_left <= 0:
            each = self.bench.step_seconds * self.steps * len(self.bench.folds.folds)
            raise UsageError(
                f"not decided: the time ended after {len(self.bench.trials)} trainings of"
                f" {self.steps:,} steps, {each:.2g} s each",
                "time for those that are needed: two where it learns, some ten where it does not",
                "pytest --unstuck-budget SECONDS, or a smaller within=",
            )
        if score is None and not changes:
            raise UsageError(f"it cannot be trained: {self.bench.refused.get('as it is', '')}")
        return score

    def noise(self, measure: str) -> float:
        """Skill that luck alone may give."""
        return self.bench.folds.noise()[measure]

    def trivial(self, measure: str) -> float:
        """The measure's value of the best constant answer."""
        return self.bench.folds.trivial(measure)

    def name_of(self, measure: str) -> str:
        """A measure as it is told."""
        return self.bench.folds.first.held.name_of(measure, self.subject.about.loss.name)

    @property
    def measures(self) -> tuple[str, ...]:
        """That can be told, the one that decides first."""
        return tuple(m.name for m in self.bench.folds.first.held.measures)

    def reference(self) -> dict[str, float]:
        """Skill of a forest or a linear model, by measure."""
        first, about = self.bench.folds.first, self.subject.about
        return reference(first.data, first.held, about.output_activation, self._facts.outputs)

    def changes(self) -> list[Combination]:
        """Of the set-up, that may make it learn: its twin with the usual data, loss, start and
        optimizer, first at the usual rate; then what takes the first suspects away."""
        usual = in_order(c for c in twin(self._facts) if self._possible(c))
        made = [usual, in_order((*usual, rate(2)))] if usual else []
        causes = suspected(self.report.suspects, (), self._facts)
        made += [cause.changes[0] for cause in causes[:SUSPECTS]]
        return [c for c in dict.fromkeys(made) if fits_together(c) and self.bench.possible(c)]

    def _possible(self, change: Change) -> bool:
        return change.part is not Part.STEPS and self.bench.possible((change,))

    @cached_property
    def _facts(self) -> Facts:
        sample = self.subject.sample
        assert sample.y is not None
        seen = self.subject.observe(tuple(a[:2] for a in sample.x), sample.y[:2])
        return facts(self.subject, seen, self.bench.folds)


def trials(
    arguments: dict[str, Any], within: int, seed: int, budget: float, batch: int | None = None
) -> Trials:
    """The trials of a set-up; to be called, and they to be made, within `untouched`.

    Args:
        arguments: of `unstuck.diagnose`.
        within: steps of each trial.
        seed: the first one.
        budget: seconds, after which none is made.
        batch: train and judge on so many examples alone; None for a held-out part to judge by.

    Raises:
        UsageError: it cannot be trained, or there is nothing to judge it by.
        DataError: data that cannot be trained on.
    """
    if within < 1:
        raise UsageError(f"within={within}", "a number of steps, at least 1")
    ends = time.perf_counter() + budget
    found = diagnosed(**arguments)
    subject = found.again(EXAMPLES)
    sample = subject.sample
    if sample.y is None:
        raise UsageError("the targets cannot be told from the inputs", "pairs (x, y)")
    trainer = subject.trainer()
    if why := trainer.refuses(()):
        raise UsageError(f"nothing can be trained: {why}", "an optimizer")
    check_statistics(found.report)
    outputs = subject.observe(tuple(a[:2] for a in sample.x), sample.y[:2]).output.shape[1]
    own = trainer.loss
    made = (
        folds(sample, subject.about, outputs, own)
        if batch is None
        else _of_batch(sample, subject, outputs, batch)
    )
    if made is None:
        raise UsageError(
            "there is nothing to judge it by", "one label or target an example, finite targets"
        )
    _check_differ(made.first)
    bench = Bench(trainer, made, ends)
    bench.calibrate(within)
    return Trials(found.report, subject, bench, within, seed)


def _check_differ(fold: Fold) -> None:
    """There is something to learn: not all answers that are trained on are one.

    Raises:
        DataError: they are.
    """
    y, labels = fold.fit.y, fold.fit.labels
    if len(y) < 2:
        raise DataError(f"{len(y)} example", "at least 2")
    if labels is not None and len(np.unique(labels[labels >= 0])) < 2:
        seen, expected = f"all {len(y)} training targets are of one class", "two or more"
    elif labels is None and (y == y[:1]).all():
        seen, expected = f"all {len(y)} training targets are alike", "targets that differ"
    else:
        return
    raise DataError(seen, expected, "give other examples, or more: of these nothing is to learn")


def _of_batch(sample: Sample, subject: Subject, outputs: int, batch: int) -> Folds | None:
    """So many examples, which are trained on and judged by alike."""
    assert sample.y is not None
    chosen = rows(len(sample.y), batch)
    x, y = tuple(a[chosen] for a in sample.x), np.asarray(sample.y[chosen])
    data = Data(x, y, x, y, tuple(sample.kinds), note="the batch that is trained on")
    own = subject.trainer().loss

    def remade(data: Data) -> tuple[Yardstick, Yardstick] | None:
        return yardsticks(subject.about, data, outputs, own)

    both = remade(data)
    return None if both is None else Folds((Fold(data, *both, remade),), "training")
