"""The trainings that a script starts: seen, looked at before their first step, watched.

Nothing that goes wrong here reaches the script: it is reported once on stderr, and the script goes
on. `unstuck.diagnose` trains nothing and leaves no trace.
"""

import contextlib
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from unstuck.errors import DataError, LabelsOutOfRange, UsageError
from unstuck.records.quantity import quantity
from unstuck.records.report import Evidence
from unstuck.records.training import Sighting, Witness
from unstuck.script.line import STEPWISE, Line
from unstuck.script.shadows import ours
from unstuck.setups.quiet import is_quiet
from unstuck.setups.routine import Routine
from unstuck.setups.unlogged import unlogged
from unstuck.setups.unmoved import unmoved
from unstuck.watching import place
from unstuck.watching.losses import Watch
from unstuck.watching.place import Place
from unstuck.watching.sightings import sighting

if TYPE_CHECKING:
    from unstuck.diagnosis import Diagnosed
    from unstuck.proofs.fix import Fixed
    from unstuck.records.proof import Proof
    from unstuck.records.report import Report
    from unstuck.watching.question import Question

# A hand-written loop has no end that could be seen, so that nothing counts as inside of one.
_ENDLESS = {"torch", "jax", "tape", "noted"}
STEPS = 1_024  # losses of steps, after which a training may be called stuck while it goes on
RESERVE = 1 << 21  # bytes, not touched, that the script gets back where ours were too many
FEW = 64  # losses of steps, below which it is not called stuck at its end


Proven = Callable[
    ["Diagnosed", Witness, tuple[Sighting, ...]], tuple["Proof | None", "Fixed | None"]
]


class Stop(SystemExit):
    """Ends the script after the first diagnosis; in a thread of its own, the thread."""


class Training:
    """One training under way."""

    def __init__(
        self, line: Line, watch: Watch, tell: Callable[[str], None], ended: Callable[[], None]
    ) -> None:
        self.watch, self._line, self._tell = watch, line, tell
        self._ended: Callable[[], None] | None = ended

    def cannot_be_proven(self, why: str) -> None:
        """Trials would not tell of it.

        Args:
            why: in a few words.
        """
        self._line.start, self._line.unproven = None, why

    def routine(self, routine: Routine) -> None:
        """What its loop was seen to do around a step so far; the last call stands."""
        if self.watch is self._line.judged:
            self._line.routine = routine

    def saw(self, sighting: Sighting) -> None:
        """A fault of the loop itself; told once a cause."""
        known = [seen.cause for seen in self._line.sightings]
        if sighting.cause in known:
            self._line.sightings[known.index(sighting.cause)] = sighting
        else:
            self._line.sightings.append(sighting)
            self._tell(f"unstuck: {self._line}: {sighting.says}")

    def asked(self, question: "Question", where: Place | None) -> None:
        """Its model is asked for answers, outside of training.

        Args:
            where: the user's line.
        """
        learnt = self._line.learnt
        if learnt is not None and not self.watch.void:
            from unstuck.script.asked import Asked

            through = () if where is None else where.through
            self._line.asked.setdefault((where, through), Asked(learnt)).about(question)

    def says_nothing(self, why: str) -> None:
        """Its loss does not say whether it learns: it gets no state, for this reason; "" takes
        that back."""
        self.watch.void = why

    def ends(self) -> None:
        """It is over; to be called once, in the thread it started in."""
        ended, self._ended = self._ended, None
        if ended is not None:
            ended()


class _Thread(threading.local):
    depth = 0  # trainings under way


class Trainings:
    """All trainings of one run.

    Args:
        script: absolute path of the script.
        tell: prints something for the user: text, a record, or what rich can render.
        stop: whether the script ends after the first diagnosis.
        prove: whether what a proof needs is kept.

    Attributes:
        lines: where training started, in the order of the first time.
        endings: called when the script has ended, for what is still to be read.
        is_recorded: whether the record is drawn up, so that what still trains is told alone.
    """

    def __init__(
        self,
        script: str,
        tell: Callable[[Any], None],
        *,
        stop: bool = False,
        prove: bool = False,
    ) -> None:
        self.lines: list[Line] = []
        self.endings: list[Callable[[], None]] = [self._look_back]
        self.tell, self.is_recorded = tell, False
        self._script, self._stop, self._prove = script, stop, prove
        self._thread, self._lock = _Thread(), threading.RLock()
        self._by_place: dict[Place | None, Line] = {}
        self._under_way = 0  # in all threads
        self._reported: set[str] = set()
        self._pid = os.getpid()
        self._reserve: bytes | bytearray = bytearray(RESERVE)

    def starts(
        self,
        framework: str,
        arguments: dict[str, Any],
        where: Place | None = None,
        names: Mapping[str, str] | None = None,
        anew: bool = False,
    ) -> Training | None:
        """A training is about to take its first step: looks at it, and tells what it sees.

        Args:
            framework: "keras", "torch", "lightning", "skorch", "sklearn", …
            arguments: of `unstuck.diagnose`, "model" among them; none where the training is only
                watched, which has been said already.
            where: the user's line; None for the innermost one that is being executed.
            names, anew: see `watching.trainings`.

        Returns:
            None if it is part of another training, is ours, or runs in a child process.

        Raises:
            Stop: where asked for.
        """
        if self.is_quiet or self._thread.depth:
            return None
        training = None
        with self.guard("follow the training"):
            where = where or self.here()
            if where is None and self._under_way:
                return None  # in a thread that a training started, as searches do
            training = self._started(framework, arguments, where, names, anew)
            if self.is_recorded:
                self.says("a training at exit is not in the record")
        if self._stop:
            raise Stop
        return training

    def says(self, line: str) -> None:
        """Tells one line, once."""
        if line not in self._reported:
            self._reported.add(line)
            self.tell(f"unstuck: {line}")

    def here(self) -> Place | None:
        """The innermost line of the user's files that is being executed in this thread."""
        return place.current(self._script)

    def was_here(self) -> bool:
        """Whether training has started before at the line that is being executed, and was no
        range test."""
        line = self._by_place.get(self.here())
        return line is not None and not line.is_void

    @property
    def is_quiet(self) -> bool:
        """Whether nothing is to be seen now: we train ourselves, or a child process does."""
        return is_quiet() or not self.is_ours()

    @property
    def is_within(self) -> bool:
        """Whether this thread is within a training of a library's."""
        return bool(self._thread.depth)

    @contextlib.contextmanager
    def quiet(self) -> Iterator[None]:
        """Nothing that this thread trains is seen, by whomever: we train ourselves."""
        with unmoved():
            yield

    @contextlib.contextmanager
    def guard(self, doing: str) -> Iterator[None]:
        """An error of ours is reported once, and goes no further.

        Args:
            doing: what, after "could not".
        """
        try:
            with unlogged():
                yield
        except Exception as error:
            self._reserve = b""
            with contextlib.suppress(Exception):
                self._report(doing, error)

    def prove(self, proven: "Proven", decided: Callable[[Line], None]) -> None:
        """Decides each line's suspects by trials, on the set-up as it was when training began.

        Args:
            proven: (diagnosis, what the script's own training did, faults of its loop) ↦ the
                proof, and the fix where a repair is found.
            decided: called with each line that has a proof, as soon as it has.

        Raises:
            KeyboardInterrupt: what was not proven by then is told as such.
        """
        left = [line for line in self.lines if line.start is not None and line.report is not None]
        try:
            for line in left:
                self._decide(line, proven)
                if line.proof is not None:
                    decided(line)
        except KeyboardInterrupt:
            for line in left:
                if line.proof is None:
                    line.start, line.unproven = None, line.unproven or "interrupted"
            raise

    def _decide(self, line: Line, proven: "Proven") -> None:
        start, line.start = line.start, None
        assert start is not None
        assert line.report is not None
        if line.meaningless:
            line.unproven = line.meaningless
            return
        routine = line.routine
        if not line.judged.count:  # it broke off before a loss was seen: that is not its length
            routine = replace(routine, steps=0)
        with self.guard(f"prove the {line}"), self.quiet(), _unheard():
            try:
                with start.restored(line.report, routine) as found:
                    line.proof, line.fix = proven(found, line.witness, tuple(line.sightings))
            except (UsageError, DataError) as error:
                line.unproven = _one_line(error)
        if line.proof is None:
            line.unproven = line.unproven or "it failed, as said above"

    def begin_apart(self, tell: Callable[[Any], None]) -> None:
        """This process is one that the script started: what it trains from now on is all there is.

        Args:
            tell: see `Trainings`.
        """
        self._pid, self.tell, self._prove = os.getpid(), tell, False
        self.lines, self._by_place = [], {}

    def joins(self, line: Line, unproven: str) -> None:
        """What another process saw at a line; its report is told, if it is the first.

        Args:
            unproven: why no proof is made.
        """
        known = self._by_place.get(line.where)
        if known is not None:
            known.watches += line.watches
            return
        line.unproven = line.unproven or unproven
        self._by_place[line.where] = line
        self.lines.append(line)
        if line.report is not None:
            self.tell(f"unstuck: {line}")
            self.tell(line.report)

    def is_ours(self) -> bool:
        """Whether this is the process the script was started in, not one that it forked."""
        return os.getpid() == self._pid

    def _started(
        self,
        framework: str,
        arguments: dict[str, Any],
        where: Place | None,
        names: Mapping[str, str] | None,
        anew: bool,
    ) -> Training:
        with self._lock:
            line = self._by_place.get(where)
            if line is None or anew or (line.is_void and arguments):
                if line is None or anew:
                    line = self._by_place[where] = Line(where, framework)
                    self.lines.append(line)
                line.refused = "" if arguments else "only watched, as said above"
                line.unproven = ""
                line.names = names
                if arguments:
                    with self.guard(f"look at the {line}"):
                        self._look(line, arguments)
            watch = _watch(line.report)
            if line.refused and any(s.cause == "label-coding" for s in line.sightings):
                watch.void = "a class among its targets has no output, so that its loss is none"
            watch.notice = lambda seen: self._notice(line, seen)
            if framework in STEPWISE:
                watch.enough, watch.least = STEPS, FEW
            line.watches.append(watch)
            counts = framework not in _ENDLESS
            self._thread.depth += counts
            self._under_way += counts

        def ended() -> None:
            with self._lock:
                self._thread.depth -= counts
                self._under_way -= counts

        return Training(line, watch, self.tell, ended)

    def _look(self, line: Line, arguments: dict[str, Any]) -> None:
        with ours(), self.quiet(), _unheard():
            from unstuck.diagnosis import diagnosed
            from unstuck.script.asked import learnt

            try:
                found = diagnosed(**arguments)
                line.report = found.report  # nothing of the script's is kept alive
                line.learnt = learnt(found.sample)
                if self._prove:
                    from unstuck.script.starting_point import StartingPoint

                    line.start = StartingPoint(arguments)
            except LabelsOutOfRange as error:
                line.refused = _one_line(error)
                line.sightings.append(_labels(error))
            except (UsageError, DataError) as error:
                line.refused = _one_line(error)
        if line.refused:
            self.tell(f"unstuck: {line} is not looked at: {line.refused}")
            return
        self.tell(f"unstuck: {line}")
        self.tell(line.report)

    def _notice(self, line: Line, watch: Watch) -> None:
        """Told once a line and state, while it trains."""
        with self.guard("tell what the loss does"):
            if not watch.void and watch.state not in line.noticed:
                line.noticed.add(watch.state)
                self.tell(f"unstuck: {line}: {watch}")

    def _look_back(self) -> None:
        """What a whole training tells."""
        for line in self.lines:
            watch, known = line.judged, {seen.cause for seen in line.sightings}
            if watch.is_bottomless and not watch.void and "loss-negated" not in known:
                line.sightings.append(_bottomless(watch))

    def _report(self, doing: str, error: Exception) -> None:
        if doing not in self._reported:
            self._reported.add(doing)
            told = f"{type(error).__name__}: {error}".strip().splitlines()[0]
            self.tell(f"unstuck: could not {doing}: {told}; the script goes on")


def _labels(error: LabelsOutOfRange) -> Sighting:
    """Class ids that no output stands for, as a fault that was seen."""
    seen = Evidence("label_coding", error.seen, error.expected)
    return Sighting("label-coding", (seen,), f"{error.seen}: {error.todo}")


def _bottomless(watch: Watch) -> Sighting:
    """A loss that falls below all bounds."""
    first, last = float(watch.first or 0), float(watch.last or 0)
    says = (
        f"the loss falls without end, from {quantity(first)} to {quantity(last)}: a score is"
        " minimized that should be maximized, or a term has lost its minus"
    )
    return sighting("loss-negated", last, "a bound below", "loss at the end", says)


def _one_line(error: Exception) -> str:
    return str(error).replace("\n", "; ")


def _watch(report: "Report | None") -> Watch:
    if report is None:
        return Watch()
    if any(s.name == "outputs-few" for s in report.suspects):
        return Watch(
            report.loss, wrong="its targets are of more classes than its outputs can tell apart"
        )
    nothing = report.probes.get("loss_of_nothing")
    if not isinstance(nothing, float) or not nothing > 0:
        return Watch(report.loss)
    return Watch(report.loss, nothing)


class _Muted:
    """A stream that one thread's writing does not reach."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._muted = stream, threading.get_ident()

    def write(self, text: str) -> Any:
        if threading.get_ident() == self._muted:
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _unheard() -> Iterator[None]:
    """What the user's own layers print or warn of while we look is not the script's output."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = sys.stdout
        sys.stdout = _Muted(before)
        try:
            yield
        finally:
            sys.stdout = before
