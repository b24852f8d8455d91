"""A line of a script at which training starts, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from unstuck.records.states import State, Status
from unstuck.records.training import Sighting, Witness
from unstuck.setups.routine import PLAIN, Routine
from unstuck.watching.losses import Watch
from unstuck.watching.place import Place

if TYPE_CHECKING:
    from unstuck.judging.answers import Compared, Learnt
    from unstuck.proofs.fix import Fixed
    from unstuck.records.proof import Proof
    from unstuck.records.report import Report
    from unstuck.script.asked import Asked
    from unstuck.script.starting_point import StartingPoint

# States of a watch, the worst first.
STATES = ("diverged", "dying", "stuck", "slow", "learning", "unknown")
# losses of steps, not of epochs
STEPWISE = {"torch", "jax", "tape", "noted", "lightning", "skorch", "transformers"}
_STATES = {state.value: state for state in State} | {"dying": State.STUCK}  # of a watch


@dataclass(eq=False)
class Line:
    """A line of the script at which training starts, once or many times.

    Args:
        where: None where no line of the user's files is on the stack.
        framework: as the hook that saw it says.
        report: of the first training; None if it could not be looked at.
        refused: why not, on one line.
        watches: one a training.
        start: kept for the proof.
        unproven: why no proof is made, in a few words.
        routine: what the loop was seen to do around a step.
        sightings: faults of the loop itself that were seen.
        learnt: some of the examples that it learns from; None if not known.
        asked: what its model is asked about when it has learnt, by the line and those that
            led there.
        noticed: states that were told while it trained.
        proof, fix: made after the script has ended.
        diff: of the script with the fix in it, which was tried on a copy.
        cured: whether that copy learns.
        names: see `watching.trainings`.
    """

    where: Place | None
    framework: str
    report: "Report | None" = None
    refused: str = ""
    watches: list[Watch] = field(default_factory=list)
    start: "StartingPoint | None" = None
    unproven: str = ""
    routine: Routine = PLAIN
    sightings: list[Sighting] = field(default_factory=list)
    learnt: "Learnt | None" = None
    asked: "dict[tuple[Place | None, tuple[int, ...]], Asked]" = field(default_factory=dict)
    noticed: set[str] = field(default_factory=set)
    proof: "Proof | None" = None
    fix: "Fixed | None" = None
    diff: str | None = None
    cured: bool = False
    names: Mapping[str, str] | None = None

    @property
    def state(self) -> State:
        """The proof's, unless the script itself was seen to do otherwise."""
        watch = self.judged
        seen = _STATES[watch.state]
        proof = None if self.proof is None else self.proof.state
        if seen is State.LEARNING and self._rewards_errors:
            return proof or State.UNKNOWN
        if seen is State.DIVERGED or proof in (None, State.UNKNOWN):
            return seen
        if watch.is_well_below and proof in (State.STUCK, State.NOTHING, State.DIVERGED):
            return State.LEARNING
        return proof

    @property
    def evaluations(self) -> "dict[tuple[Place | None, str], Compared]":
        """Faults of how its model is asked, by line and cause.

        Who asks about the same targets with inputs as they were learnt from as well has them
        changed on purpose: to see how much noise it stands.
        """
        alike = {mark for asked in self.asked.values() for mark in asked.alike}
        found = {
            (place, cause): answers
            for (place, _), asked in self.asked.items()
            for cause, answers in asked.found.items()
            if cause != "split-mismatch" or not asked.unlike & alike
        }
        lagging = [key for key in found if key[1] == "statistics-lag"]  # wherever it is asked
        return {key: told for key, told in found.items() if key not in lagging[:-1]}

    @property
    def _rewards_errors(self) -> bool:
        """Whether its loss is suspected of falling as errors grow: then it says nothing."""
        suspects = () if self.report is None else self.report.suspects
        return any(suspect.name == "loss-negated" for suspect in suspects)

    @property
    def judged(self) -> Watch:
        """The training that counts: of those whose losses say something, the last of the
        longest."""
        telling = [watch for watch in self.watches if not watch.void] or self.watches
        return max(reversed(telling), key=lambda watch: watch.count, default=Watch())

    @property
    def is_void(self) -> bool:
        """Whether no training so far says anything by its losses."""
        return bool(self.watches) and all(watch.void for watch in self.watches)

    @property
    def worst(self) -> Watch:
        """The training that went worst, by its own losses."""
        return min(self.watches, key=lambda watch: STATES.index(watch.state), default=Watch())

    @property
    def witness(self) -> Witness:
        """What the training that counts was seen to do."""
        unit = "step" if self.framework in STEPWISE else "epoch"
        return self.judged.witness(unit, self.routine.steps)

    @property
    def meaningless(self) -> str:
        """Why its loss does not say whether it learns; "" if it does."""
        return self.judged.void

    @property
    def statuses(self) -> set[Status]:
        """Of its causes, faults of the loop among them; none of a set-up that was proven to
        learn, or was cured."""
        proof = self.proof
        fine = proof is not None and proof.outcome.startswith(("nothing wrong", "improvable"))
        if fine or self.cured:
            return set()
        report = self.report if proof is None else proof.report
        seen = {Status.SUSPECTED} if self.sightings else set()
        if self.meaningless:  # whether it learns, nobody can say: nothing is suspected of it
            return seen
        if proof is not None and proof.repaired:
            seen.add(Status.PROVEN)
        return seen | (set() if report is None else {s.status for s in report.suspects})

    def __str__(self) -> str:
        return "training" if self.where is None else f"training at {self.where}"
