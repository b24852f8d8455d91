"""What every callback holds: the watch of `unstuck run`, on one training, within its own process.

A library's callback says when a training starts, what its losses are and when it ends; all else is
`script.trainings`, as for a script that is run.
"""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from unstuck.errors import UsageError
from unstuck.proofs.prove import prove
from unstuck.script.line import Line
from unstuck.script.starting_point import StartingPoint
from unstuck.script.trainings import Trainings
from unstuck.sessions import TRAINED_ON, FixSession, ProofSession, ReportSession
from unstuck.setups.admission import function, truth
from unstuck.setups.heard import heard
from unstuck.setups.unmoved import unmoved

Tell = Callable[[Any], None]
FAILS = {"diverged", "stuck", "dying"}  # states for which a training is ended, where asked for


def on_stderr(shown: Any) -> None:
    """Prints a line or a record."""
    if not isinstance(shown, str):
        from unstuck.report.shown import text

        with unmoved():
            shown = text(shown)
    print(shown, file=sys.stderr)


class Watcher:
    """The watch over one training.

    Args:
        stop: whether the training is to end as soon as it has diverged, is stuck or dying.
        tell: called with what is seen: text, or a record. Default: on stderr.

    Raises:
        UsageError: another type.
    """

    def __init__(self, stop: bool = False, tell: Tell | None = None) -> None:
        truth("stop", stop)
        function("tell", tell, "what is seen")
        told = on_stderr if tell is None else heard("tell", tell, "and the training goes on")
        self.trainings = Trainings("", told, prove=True)
        self._stop, self._tell = stop, tell

    def __reduce__(self) -> tuple[Any, ...]:
        """What was seen stays here: hooks and copies are not pickled, nor copied, with a model."""
        return type(self), (self._stop, self._tell)

    def begins(self) -> None:
        """A training is about to begin; what was told of one before is told again."""
        for line in self.trainings.lines:
            line.noticed.clear()

    @property
    def should_stop(self) -> bool:
        """Whether stopping was asked for, and the training has come to that."""
        return self._stop and any(line.noticed & FAILS for line in self.trainings.lines)

    @property
    def line(self) -> Line:
        """What was seen of the training.

        Raises:
            UsageError: none has started.
        """
        if not self.trainings.lines:
            raise UsageError("no training was seen", "one that has started", "train first")
        return self.trainings.lines[-1]

    @property
    def state(self) -> str:
        """How it trains, by its own losses: "learning: loss 2.3 → 0.31; knowing nothing: 2.3"."""
        return str(self.line.judged)

    @property
    def report(self) -> "WatchedReport":
        """What was seen before its first step; `report.prove()` decides.

        Raises:
            UsageError: it could not be looked at; why.
        """
        line = self.line
        if line.report is None or line.start is None:
            raise UsageError(
                f"it could not be looked at: {line.refused or line.unproven or 'as said above'}",
                "a set-up that `unstuck.diagnose` takes",
            )
        return WatchedReport(line.report, line, line.start)


@dataclass(frozen=True, eq=False, repr=False)
class WatchedReport(ReportSession):
    """The diagnosis of a training that was watched, which is proven as it was when it began.

    Args:
        diagnosed: the line at which it started, with what was seen of it.
        start: the set-up as it was.
    """

    diagnosed: Line  # type: ignore[assignment]
    start: StartingPoint

    @unmoved()
    def prove(
        self,
        budget: float = 60.0,
        *,
        epochs: int | None = None,
        examples: int = TRAINED_ON,
        told: Callable[[str], None] = lambda says: None,
    ) -> "WatchedProof":
        """Decides each suspect by trials on copies; see `ReportSession.prove`.

        The trials do around a step what the training was seen to do, and are held against its own
        losses.
        """
        line = self.diagnosed
        with self._restored() as found:
            proven = prove(
                found,
                budget,
                epochs=epochs,
                examples=examples,
                told=told,
                witness=line.witness,
                sightings=tuple(line.sightings),
            )
        return WatchedProof(proven.record, proven, self._restored)

    def _restored(self) -> AbstractContextManager[Any]:
        return self.start.restored(self.record, self.diagnosed.routine)


@dataclass(frozen=True, eq=False, repr=False)
class WatchedProof(ProofSession):
    """The proof of a training that was watched.

    Args:
        restored: makes the set-up what it was when training began, for a while.
    """

    restored: Callable[[], AbstractContextManager[Any]]

    @unmoved()
    def fix(self, budget: float | None = None) -> FixSession:
        """The repair, built and verified on fresh seeds; see `ProofSession.fix`."""
        with self.restored():
            return super().fix(budget)
