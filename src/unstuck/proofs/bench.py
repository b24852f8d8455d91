"""The bench: trains combinations of interventions, judges them, and keeps to the clock."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from unstuck.changes.change import Combination, changed, merged
from unstuck.changes.data import Data
from unstuck.errors import UnstuckError
from unstuck.judging.yardstick import Yardstick
from unstuck.setups.trainer import Run, Trainer

SCREEN, CONFIRM = 1_000, 2_000  # first seeds of the two stages of a proof: never shared


@dataclass(frozen=True)
class Score:
    """One trial, judged.

    Args:
        value: the held-out metric in the user's units; NaN where it is not finite.
        skill: from 0 to 1, see `Yardstick`.
        finite: whether loss and outputs stayed finite.
    """

    value: float
    skill: float
    finite: bool


@dataclass(eq=False)
class Bench:
    """Trials of one subject.

    Args:
        trainer, data, yardstick: of the subject.
        ends: clock reading (seconds) at which the budget is spent.
        steps: of every trial.
        wanted: steps of a trial where time is no matter.
        told: called before each trial with what is tried.
    """

    trainer: Trainer
    data: Data
    yardstick: Yardstick
    ends: float
    steps: int = 0
    wanted: int = 0
    told: Callable[[str], None] = lambda says: None
    seconds: float = 0.0  # of a trial, the slowest of the last few
    refused: dict[str, str] = field(default_factory=dict)  # intervention -> why
    scores: dict[tuple[Combination, int], Score] = field(default_factory=dict)
    _data: dict[Combination, Data] = field(default_factory=dict)
    _recent: list[float] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.ends - time.perf_counter()

    def has_time(self, trials: int = 1) -> bool:
        """Whether so many more trials fit into what is left."""
        return self.left > trials * self.seconds

    def possible(self, combination: Combination) -> bool:
        """Whether it can be tried; why not is noted in `refused`."""
        why = self.trainer.refuses(merged(combination))
        if why:
            self.refused[" and ".join(i.name for i in combination)] = why
        return not why

    def run(self, combination: Combination, seed: int, steps: int | None = None) -> Run:
        """One trial, not judged.

        Raises:
            UnstuckError: the framework cannot train this.
        """
        data, steps = self.data_of(combination), steps or self.steps
        allowed = max(self.left, 1.0)
        return self.trainer.train(data, merged(combination), seed, steps, allowed)

    def data_of(self, combination: Combination) -> Data:
        """The data with these changes."""
        if combination not in self._data:
            self._data[combination] = changed(self.data, combination)
        return self._data[combination]

    def score(self, combination: Combination, seed: int) -> Score | None:
        """One trial, judged; None if it cannot be made."""
        key = (combination, seed)
        if key in self.scores:
            return self.scores[key]
        if not self.possible(combination):
            return None
        start = time.perf_counter()
        try:
            run = self.run(combination, seed)
        except UnstuckError as error:
            self.refused[" and ".join(i.name for i in combination)] = error.seen
            return None
        self._recent = [*self._recent[-4:], time.perf_counter() - start]
        self.seconds = max(self._recent)
        self.scores[key] = self.judged(run, self.data_of(combination))
        return self.scores[key]

    def judged(self, run: Run, data: Data) -> Score:
        """The score of a run on these data."""
        with np.errstate(all="ignore"):
            value = self.yardstick.value(data.restored(run.output))
        finite = bool(np.isfinite(run.loss) and np.isfinite(value))
        return Score(value, self.yardstick.skill(value) if finite else 0.0, finite)
