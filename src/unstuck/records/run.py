"""What a run found: the record that `--json` writes, schema 2."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from unstuck.records.evaluation import Evaluation
from unstuck.records.fix import Fix
from unstuck.records.origin import Origin
from unstuck.records.proof import Proof
from unstuck.records.report import Report, Suspect
from unstuck.records.routine import Routine
from unstuck.records.states import State, Status
from unstuck.records.training import Sighting, Witness
from unstuck.records.where import Where

SCHEMA = 2
_FAILS = (State.STUCK, State.SLOW, State.DIVERGED)
_TELLING = (Status.PROVEN, Status.SUSPECTED, Status.INCONCLUSIVE)


@dataclass(frozen=True)
class Watched:
    """One training of the script, as it was seen to go.

    Args:
        state: by its own losses: learning, slow, stuck, dying, diverged or unknown.
        says: the same in words, with the numbers.
        first, best, last: losses, as means over a 256th of the training; null if not known.
        witness: the losses.
    """

    state: str
    says: str
    first: float | None
    best: float | None
    last: float | None
    witness: Witness


@dataclass(frozen=True)
class SubjectRecord:
    """One training set-up: a line of a script at which training starts, or a model handed over.

    Args:
        where: null where no line of the user's files was on the stack.
        framework: whose it is; backend: what computes, null if it could not be looked at.
        state: how it trains.
        says: the finding in a sentence.
        report: what was measured before its first step, each suspect with its status; null if it
            could not be looked at.
        refused: why it could not be looked at; "" if it was.
        watched: its trainings, in the order in which they started.
        witness: of the training that counts: the last of the longest; null if none was seen.
        routine: what its loop does around a step.
        sightings: faults of the loop that were seen.
        evaluations: faults of how the trained model is asked for answers, each tested on these.
        proof: what trials say; null where none were made.
        unproven: why no proof was made; "" if one was, or none was asked for.
        fix: null where nothing was to be repaired, or no repair was found.
        patch: a unified diff of the script with the fix in it, that was tried on a copy; null if
            none was asked for, or none could be made.
        cured: whether the patched copy was seen to learn.
        seconds: "static" of the look and "proof" of the trials; null where there was none.
    """

    where: Where | None
    framework: str
    backend: str | None
    state: State
    says: str
    report: Report | None = None
    refused: str = ""
    watched: tuple[Watched, ...] = ()
    witness: Witness | None = None
    routine: Routine = field(default_factory=Routine)
    sightings: tuple[Sighting, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    proof: Proof | None = None
    unproven: str = ""
    fix: Fix | None = None
    patch: str | None = None
    cured: bool = False
    seconds: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def judges(self) -> bool:
        """Whether there is a proof whose trials do what the script does."""
        return self.proof is not None and self.proof.agreement.agrees is not False

    @property
    def clear(self) -> bool:
        """Whether trials or a patch cleared it: what was suspected is no finding."""
        learns = self.judges and self.state not in (*_FAILS, State.UNKNOWN)
        return learns or self.cured

    @property
    def findings(self) -> tuple[Suspect, ...]:
        """The suspects that are findings."""
        if self.report is None or self.clear:
            return ()
        return tuple(s for s in self.report.suspects if s.status in _TELLING)

    @property
    def standing(self) -> tuple[Sighting, ...]:
        """The sightings that neither a patch nor trials cleared; what is undecided clears none."""
        decided = self.proof is not None and self.proof.state is not State.UNKNOWN
        return () if self.cured or (self.clear and decided) else self.sightings

    @property
    def suspected(self) -> bool:
        """Whether something is suspected, was seen in the loop, or fails for a reason that nobody
        found: it diverged, or does not learn in trials either."""
        fails = self.state is State.DIVERGED or (self.judges and self.state is State.STUCK)
        return bool(self.findings or self.standing or (fails and not self.cured))

    @property
    def proven(self) -> bool:
        """Whether trials proved what keeps it from learning, and no patch cured it; or what spoils
        the answers of the trained model."""
        if self.evaluations:
            return not self.cured
        if self.proof is None or not self.judges or self.cured or self.state not in _FAILS:
            return False
        return self.proof.trusted and (self.proof.repaired or bool(self.proof.proven))

    @property
    def improvable(self) -> bool:
        """Whether it learns, and a repair was proven to leave far less error."""
        return self.state is State.IMPROVABLE and not self.cured

    def __str__(self) -> str:
        return "training" if self.where is None else f"training at {self.where}"


@dataclass(frozen=True)
class RunRecord:
    """All that was found.

    Args:
        unstuck: version.
        subjects: in the order in which they were first seen.
        origin: where and how it was made.
        schema: of this record.
    """

    unstuck: str
    subjects: tuple[SubjectRecord, ...]
    origin: Origin = field(default_factory=Origin)
    schema: int = SCHEMA
