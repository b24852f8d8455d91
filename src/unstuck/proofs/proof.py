"""The record of a proof: what was trained, what it shows, and what to do about it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from unstuck.causes import load
from unstuck.changes.change import Combination, said
from unstuck.errors import UsageError
from unstuck.judging import sequential
from unstuck.proofs import chain
from unstuck.proofs.aside import Interaction
from unstuck.proofs.hypothesis import Hypothesis
from unstuck.proofs.prove import Findings, trusted
from unstuck.proofs.prove import prove as tried
from unstuck.records.report import Report, Suspect, Trial, finite
from unstuck.records.verdict import State, Verdict
from unstuck.setups.untouched import untouched

if TYPE_CHECKING:
    from unstuck.proofs.fix import Fix
    from unstuck.setups.subject import Subject

EXAMPLES = 4_096  # trained on, at most
_UNDECIDED = Verdict.INCONCLUSIVE.value


@dataclass(frozen=True)
class Arm:
    """One change that was tried: its trials in all, and the median of the held-out metric."""

    change: str
    n: int
    value: float
    skill: float


@dataclass(frozen=True, eq=False)
class Proof:
    """What trials say of a set-up and of each suspect.

    Args:
        report: the diagnosis, each suspect with its verdict, and the set-up's state.
        state: how the set-up trains as it is.
        metric: "accuracy" or "rmse".
        trivial, value, best: the metric of knowing nothing, of the set-up as it is, and of the
            best change; medians over seeds.
        arms: all that was tried, the best first.
        placebo: a change that cannot matter: it must come out null.
        trusted: whether it did.
        interactions: what the changes do in other company.
        alternatives: what other changes do, which test no suspect, the best first.
        setup: what every trial had: steps, examples, held-out examples.
        seconds: what the proof took.
        budget: seconds it was given.
        more: seconds that may decide what is inconclusive; 0 if nothing is.
        notes: what the trials do not do as the user's training does, and what could not be tried.
    """

    report: Report
    state: State
    metric: str
    trivial: float
    value: float
    best: float
    arms: tuple[Arm, ...]
    placebo: Trial | None
    trusted: bool
    setup: Mapping[str, str]
    seconds: float
    budget: float
    more: float = 0.0
    interactions: tuple[Interaction, ...] = ()
    alternatives: tuple[Trial, ...] = ()
    notes: tuple[str, ...] = ()
    findings: "Findings | None" = field(default=None, repr=False)
    subject: "Subject | None" = field(default=None, repr=False)

    @property
    def proven(self) -> tuple[Suspect, ...]:
        """The causes that are proven."""
        return tuple(s for s in self.report.suspects if s.status == Verdict.PROVEN.value)

    @property
    def outcome(self) -> str:
        """In a few words."""
        if self.state is State.LEARNING:
            undecided = [s.name for s in self.report.suspects if s.status == _UNDECIDED]
            return f"learning; undecided: {', '.join(undecided)}" if undecided else "nothing wrong"
        if self.state is State.NOTHING:
            return "nothing to learn here"
        if self.state is State.UNKNOWN:
            return "undecided"
        if self.state is State.SLOW and not self.report.suspects:
            return "nothing wrong, only slow"
        if not self.trusted:
            return "not to be trusted"
        names = ", ".join(s.name for s in self.proven)
        return f"proven: {names}" if names else f"{self.state.value}, and no cause is proven"

    def fix(self, budget: float | None = None) -> "Fix":
        """The smallest change that makes it learn, as an object and as code, seen to work on
        fresh seeds.

        Args:
            budget: seconds for that; None for as many as five pairs of trials take.

        Raises:
            UsageError: nothing is proven, so there is nothing to fix.
        """
        from unstuck.proofs.fix import fix

        return fix(self, budget)

    def to_json(self) -> dict[str, Any]:
        """The diagnosis' record with states, verdicts and effects filled in."""
        record = self.report.to_json()
        seconds = dict(record["seconds"]) | {"proof": self.seconds}

        def told(trial: Trial) -> dict[str, Any]:
            return {k: getattr(trial, k) for k in ("change", "effect", "low", "high", "n", "value")}

        arms = [
            {"change": a.change, "n": a.n, "value": a.value, "skill": a.skill} for a in self.arms
        ]
        clean: dict[str, Any] = finite(
            record
            | {
                "seconds": seconds,
                "outcome": self.outcome,
                "metric": self.metric,
                "trivial": self.trivial,
                "value": self.value,
                "best": self.best,
                "trusted": self.trusted,
                "placebo": None if self.placebo is None else told(self.placebo),
                "interactions": [asdict(i) for i in self.interactions],
                "alternatives": [told(trial) for trial in self.alternatives],
                "arms": arms,
                "trials": dict(self.setup),
                "notes": list(self.notes),
                "budget": self.budget,
                "more": self.more,
            }
        )
        return clean

    def __str__(self) -> str:
        from unstuck.report.proof import text

        return text(self)

    def __rich__(self) -> Any:
        from unstuck.report.proof import renderable

        return renderable(self)

    def _repr_html_(self) -> str:
        from unstuck.report.proof import html

        return html(self)


def prove(
    report: Report,
    budget: float = 60.0,
    *,
    epochs: int | None = None,
    examples: int = EXAMPLES,
    also: bool = True,
    told: Callable[[str], None] = lambda says: None,
) -> Proof:
    """Decides by trials what keeps a set-up from learning.

    The user's model, optimizer, data and random states stay as they were: copies are trained.

    Args:
        report: a diagnosis.
        budget: seconds.
        epochs: of each trial; None for what the budget holds.
        examples: trained on, at most.
        also: whether to go on with interactions and other changes once the suspects are decided,
            within the budget and for as long again at most.
        told: called with what is being tried.

    Raises:
        UsageError: the report comes from elsewhere, or nothing can be trained or judged.
    """
    if report.again is None:
        raise UsageError("this report has no model and data with it", "unstuck.diagnose(…).prove()")
    if not budget > 0:
        raise UsageError(f"budget={budget:g}", "seconds above 0")
    began = time.perf_counter()
    names = [s.name for s in report.suspects]
    with untouched():
        subject = report.again(examples)
        made = time.perf_counter() - began
        found = tried(
            subject, names, max(budget - made, 0.2 * budget), epochs=epochs, also=also, told=told
        )
        return _recorded(report, subject, found, budget, began)


def _recorded(
    report: Report, subject: "Subject", found: Findings, budget: float, began: float
) -> Proof:
    bench = found.bench
    honest = trusted(found)
    verdicts = {id(h): _verdict(h, found, honest) for h in found.tested}
    winners = [h for h in found.tested if verdicts[id(h)] is Verdict.PROVEN]
    chains: dict[Combination, tuple[Any, ...]] = {}
    end = began + budget
    if winners and end - time.perf_counter() > 3 * bench.seconds:
        base = chain.measured(bench, ())
        for h in winners:
            if base and end - time.perf_counter() > 2 * bench.seconds:
                chains[h.change] = chain.trained(bench, h.change, base)
    suspects = []
    for suspect in report.suspects:
        best = _telling(found, suspect.name, verdicts)
        if best is None:
            untried = found.state is State.UNKNOWN or suspect.name in found.untried
            status = Verdict.INCONCLUSIVE.value if untried else suspect.status
            suspects.append(replace(suspect, status=status))
            continue
        told = _trial(best, found, suspect.name, chains.get(best.change, ()))
        suspects.append(replace(suspect, status=verdicts[id(best)].value, trial=told))
    known = {s.name for s in suspects}
    for h in winners:
        for name in h.causes:
            if name not in known:
                known.add(name)
                suspects.append(_unsuspected(name, h, found, chains, report.framework))
    order = {v.value: i for i, v in enumerate(Verdict)}
    suspects.sort(key=lambda s: (order[s.status], s.trial is None or -s.trial.effect))
    suspects = [replace(s, rank=i + 1) for i, s in enumerate(suspects)]
    open_ones = [h for h in found.tested if verdicts[id(h)] is Verdict.INCONCLUSIVE]
    pairs = sum(h.short for h in open_ones)
    waiting = [*found.untried, *found.partly]
    if waiting and not winners:
        pairs += len(waiting) + sequential.still(0, 0, len(waiting))
    more = 2 * pairs * bench.seconds
    if found.state is State.UNKNOWN and bench.steps:
        more = max(more, budget * (bench.wanted / bench.steps - 1))
    state = "stuck" if found.state is State.NOTHING else found.state.value
    return Proof(
        replace(report, suspects=tuple(suspects), state=state),
        found.state,
        bench.yardstick.metric,
        bench.yardstick.trivial,
        _value(found, ()),
        _value(found, found.best),
        _arms(found),
        None if found.placebo is None else _trial(found.placebo, found, "", ()),
        honest,
        {
            "steps": f"{bench.steps:,}",
            "trained on": f"{len(bench.data.y):,} examples",
            "judged on": f"{len(bench.data.y_held):,} examples, {bench.data.note}",
            "trials": f"{len(bench.scores):,}",
        },
        time.perf_counter() - began,
        budget,
        more,
        tuple(found.interactions),
        _alternatives(found),
        (*found.notes, *(f"not tried: {k}: {v}" for k, v in bench.refused.items())),
        found,
        subject,
    )


def _verdict(h: Hypothesis, found: Findings, honest: bool) -> Verdict:
    """A hypothesis's, given what is known of the set-up and of the placebo."""
    verdict = h.verdict
    fails = found.state in (State.STUCK, State.SLOW, State.DIVERGED)
    if verdict is Verdict.PROVEN and not (honest and fails):
        return Verdict.INCONCLUSIVE
    if verdict is Verdict.REFUTED and fails and set(h.causes) & set(found.partly):
        return Verdict.INCONCLUSIVE  # a change that was not tried may be the one it takes
    return verdict


def _telling(found: Findings, name: str, verdicts: dict[int, Verdict]) -> Hypothesis | None:
    """The hypothesis that says most of a cause: a proof before anything, alone before together."""
    about = [h for h in found.tested if name in h.causes]
    rank = {Verdict.PROVEN: 0}
    about.sort(key=lambda t: (rank.get(verdicts[id(t)], 1), len(t.causes)))
    return about[0] if about else None


def _trial(h: Hypothesis, found: Findings, name: str, links: tuple[Any, ...]) -> Trial | None:
    yardstick = found.bench.yardstick
    effect = h.effect(yardstick)
    if effect is None:
        return None
    values = [arm.value for _, arm in h.pairs]
    return Trial(
        said(h.change),
        effect.difference,
        effect.low,
        effect.high,
        effect.n,
        yardstick.metric,
        float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan"),
        tuple(c for c in h.causes if c != name) if len(h.change) > 1 else (),
        links,
        h.short if h.verdict is Verdict.INCONCLUSIVE else 0,
    )


def _unsuspected(
    name: str,
    h: Hypothesis,
    found: Findings,
    chains: dict[Combination, tuple[Any, ...]],
    framework: str,
) -> Suspect:
    cause = load(name)
    trial = _trial(h, found, name, chains.get(h.change, ()))
    cure = cause.cure(framework)
    status = Verdict.PROVEN.value
    return Suspect(name, cause.title, cause.mechanism, 0, (), (), cure, status=status, trial=trial)


def _alternatives(found: Findings) -> tuple[Trial, ...]:
    trials = [_trial(h, found, "", ()) for h in found.alternatives]
    return tuple(sorted((t for t in trials if t is not None), key=lambda t: -t.effect))


def _value(found: Findings, change: Combination) -> float:
    values = [s.value for (c, _), s in found.bench.scores.items() if c == change]
    finite = [v for v in values if np.isfinite(v)]
    return float(np.median(finite)) if finite else float("nan")


def _arms(found: Findings) -> tuple[Arm, ...]:
    arms = [
        Arm(said(c), n, _value(found, c), float(np.median(found.skills(c))))
        for c, n in found.arms.items()
    ]
    return tuple(sorted(arms, key=lambda a: -a.skill))
