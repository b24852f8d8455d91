"""What trials showed: a proof as a pure record, with the repair, its parts and every trial."""

from collections.abc import Mapping
from dataclasses import dataclass

from unstuck.records.effect import Effect
from unstuck.records.report import Report, Suspect
from unstuck.records.states import State, Status

Point = tuple[int, float]  # (step, value)


OTHERS_KNOW = (
    "others make far more of the same data than it does: a forest, a linear model, or counts of"
    " whole numbers; where these are ids, as of words, they need an embedding"
)
"""A note of what is learnt by others alone."""


@dataclass(frozen=True)
class Trial:
    """One trial.

    Args:
        changes: names; none for the set-up as it is.
        says: the same in words.
        seed, steps: of it.
        value: of the measure on held-out examples, NaN where it is not finite.
        fit: of the measure on training examples.
        skill: 0 is the best constant answer, 1 perfect; not clipped.
        finite: whether loss and outputs stayed finite.
        losses: training loss over steps, at most 64 points.
        skills: held-out skill over steps, at most 64 points; the last is `skill`.
        seconds: wall-clock.
        executor: where and how it ran: "in line", and whether a compiled loop took its steps; if
            it could not, why.
    """

    changes: tuple[str, ...]
    says: str
    seed: int
    steps: int
    value: float
    fit: float
    skill: float
    finite: bool
    losses: tuple[Point, ...] = ()
    skills: tuple[Point, ...] = ()
    seconds: float = 0.0
    executor: str = "in line"


@dataclass(frozen=True)
class Part:
    """One part of a repair.

    Args:
        change: name; says: in words.
        causes: that it takes away, by name; none where it stands for none.
        necessary: the repair against the repair without it; None where not tried.
        sufficient: it alone against the set-up as it is; None where not tried.
    """

    change: str
    says: str
    causes: tuple[str, ...] = ()
    necessary: Effect | None = None
    sufficient: Effect | None = None


@dataclass(frozen=True)
class Repair:
    """Changes that restore learning together, none of which can be left out.

    Args:
        parts: in the order in which programs do things.
        says: in words.
        effect: against the set-up as it is, on fresh paired seeds.
    """

    parts: tuple[Part, ...]
    says: str
    effect: Effect


@dataclass(frozen=True)
class Agreement:
    """Whether trials as it is do what the script was seen to do.

    Args:
        agrees: None where there was nothing to compare with.
        says: in words, with the numbers.
        script: losses that were seen, over steps.
        trials: of the trials as it is, one curve a seed.
        some: how many of these do what the script does, where that hangs on the seed; else 0.
    """

    agrees: bool | None
    says: str = ""
    script: tuple[Point, ...] = ()
    trials: tuple[tuple[Point, ...], ...] = ()
    some: int = 0


@dataclass(frozen=True)
class Arm:
    """One combination that was tried.

    Args:
        changes: names; none for the set-up as it is.
        says: the same in words.
        n: its trials.
        value, skill: medians over them, of the measure and of the skill.
    """

    changes: tuple[str, ...]
    says: str
    n: int
    value: float
    skill: float


@dataclass(frozen=True)
class Interaction:
    """What taking a cause away gains as the set-up is, and with one more thing changed.

    Args:
        cause: name.
        context: what more is changed, in words.
        here, there: mean gain in the measure's units, without and with it; above 0 is better.
        difference, low, high: there less here, on equal seeds, with its 95 % interval (Student's).
        n: seeds.
    """

    cause: str
    context: str
    here: float
    there: float
    difference: float
    low: float
    high: float
    n: int


OUTDONE = 0.8  # of what the best gained over knowing nothing


@dataclass(frozen=True)
class Proof:
    """What trials say of a set-up and of each suspect.

    Args:
        report: the diagnosis, each suspect with its status.
        state: how the set-up trains as it is.
        measure: "accuracy", or the script's own loss by name: what effects are told in.
        higher: whether more of it is better.
        rows: "held-out"; "fitted and cross-validated", the mean of both, where examples are few;
            or "training" where these are the whole function.
        trivial, value, best: the measure of the best constant answer, of the set-up as it is, and
            of the best that was tried; medians over seeds.
        beside: the same set-ups in other measures, e.g. {"rmse": (trivial, value, best)}.
        repair: the smallest that was found; None where nothing is to be repaired, or none found.
        others: other minimal repairs that were seen.
        left: what is still wrong once the repair is made: changes that gain on top of it, each on
            top of those before it. The fix holds them too.
        agreement: with what the script was seen to do.
        arms: all that was tried, the best first.
        placebo: a change that cannot matter: it must come out null.
        trusted: whether it did, with an interval narrower than half the effect.
        interactions: what the changes do in other company.
        trials: every one.
        setup: what every trial had: steps, examples, held-out examples.
        seconds: what the proof took; budget: what it was given.
        more: seconds that may decide what is inconclusive; 0 if nothing is.
        notes: what the trials do not do as the user's training does, and what could not be tried.
        origin: where the first number that is not finite comes from; "" where all are finite, or
            that is not known.
    """

    report: Report
    state: State
    measure: str
    higher: bool
    rows: str
    trivial: float
    value: float
    best: float
    beside: Mapping[str, tuple[float, float, float]]
    repair: Repair | None
    others: tuple[Repair, ...]
    left: tuple[Repair, ...]
    agreement: Agreement
    arms: tuple[Arm, ...]
    placebo: Effect | None
    trusted: bool
    interactions: tuple[Interaction, ...]
    trials: tuple[Trial, ...]
    setup: Mapping[str, str]
    seconds: float
    budget: float
    more: float = 0.0
    notes: tuple[str, ...] = ()
    origin: str = ""

    @property
    def proven(self) -> tuple[Suspect, ...]:
        """The causes that are proven."""
        return tuple(s for s in self.report.suspects if s.status is Status.PROVEN)

    @property
    def repaired(self) -> bool:
        """Whether the set-up fails, and a repair of it is proven."""
        fails = self.state in (State.STUCK, State.SLOW, State.DIVERGED)
        return fails and self.repair is not None and self.repair.effect.status is Status.PROVEN

    @property
    def fixable(self) -> bool:
        """Whether there is a proven repair, of what fails or of what learns with far more error
        than it need, and the placebo bears it out."""
        proven = self.repair is not None and self.repair.effect.status is Status.PROVEN
        return self.trusted and proven and (self.repaired or self.state is State.IMPROVABLE)

    @property
    def outdone(self) -> bool:
        """Whether something that was tried came a good deal further above knowing nothing, which
        was not proven: the script's own training says that it learns."""
        return abs(self.value - self.trivial) < OUTDONE * abs(self.best - self.trivial)

    @property
    def outcome(self) -> str:
        """In a few words."""
        if self.agreement.agrees is False:
            return "not judged: the trials don't do what the script does"
        if self.state is State.LEARNING:
            open_ones = [s.name for s in self.report.suspects if s.status is Status.INCONCLUSIVE]
            return f"learning; undecided: {', '.join(open_ones)}" if open_ones else "nothing wrong"
        if self.state is State.NOTHING:
            return "nothing to learn here"
        if self.state is State.UNKNOWN:
            return "undecided"
        if self.state is State.IMPROVABLE and self.repair is not None:
            return f"improvable: {self.repair.says}"
        if not self.trusted:
            return "not to be trusted"
        if self.repaired and self.repair is not None:
            names = ", ".join(s.name for s in self.proven)
            return f"proven: {names or self.repair.says}"
        if self.state is State.SLOW:
            return "nothing wrong, only slow"
        return f"{self.state.value}, and no cause is proven"
