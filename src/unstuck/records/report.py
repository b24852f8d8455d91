"""What a diagnosis found, as one frozen record; every display is drawn from it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from unstuck.probes.look import Measured

if TYPE_CHECKING:
    from unstuck.proofs.proof import Proof
    from unstuck.setups.subject import Subject


@dataclass(frozen=True)
class Evidence:
    """One probe's value beside what a set-up that can learn shows."""

    probe: str
    value: float | int | str
    expected: str
    where: str = ""
    source: str = ""


@dataclass(frozen=True)
class Link:
    """One link of a chain: a quantity as it is, and as it would be with the cause cut.

    Args:
        says: the quantity in words.
        probe: the probe that measured it.
        value: as it is.
        cut: with the suspect's cut, looked at again; None where there is no cut to look at.
    """

    says: str
    probe: str
    value: float
    cut: float | None = None


@dataclass(frozen=True)
class Trial:
    """What taking a cause away did, on paired seeds.

    Args:
        change: what was changed, in words.
        effect, low, high: mean gain in the held-out metric and its 95 % interval (Student's);
            above 0 is better.
        n: seeds.
        metric: "accuracy", or "rmse" in the targets' own units.
        value: median of the metric with the change.
        together: other causes that were taken away along with it.
        chain: quantities after training, as it is and with the change.
        short: more seeds that may decide it, where these have not.
    """

    change: str
    effect: float
    low: float
    high: float
    n: int
    metric: str
    value: float
    together: tuple[str, ...] = ()
    chain: tuple[Link, ...] = ()
    short: int = 0


@dataclass(frozen=True)
class Suspect:
    """A cause that is suspected.

    Args:
        name, title, mechanism: the cause's.
        rank: 1 for the first.
        evidence: what was measured and what is expected.
        chain: from the inputs to the harm, in the order of the flow.
        cure: the candidate cure as one line of the framework.
        removes: names of the symptoms that go away when the cause is cut, looked at again.
        what_if: the cut in words; "" where there is none.
        status: "suspected" until trials decide; then "proven", "refuted", "harmful",
            "inconclusive".
        trial: what the trials say; None where none was made.
    """

    name: str
    title: str
    mechanism: str
    rank: int
    evidence: tuple[Evidence, ...]
    chain: tuple[Link, ...]
    cure: str
    removes: tuple[str, ...] = ()
    what_if: str = ""
    status: str = "suspected"
    trial: Trial | None = None


@dataclass(frozen=True, eq=False)
class Report:
    """What was measured on a set-up as it stands, and what is suspected.

    Args:
        framework, backend: whose set-up it is and what computes.
        setup: the set-up in words: loss, optimizer, batch size, examples looked at.
        suspects: in the order of their rank; none means "nothing suspicious".
        harms: symptoms that say training is kept from working, by name.
        probes: every probe's value by name; None where it cannot be measured.
        units: every probe's unit by name.
        limits: what could not be seen.
        seconds: what the diagnosis took, "static" in all.
        state: "unknown": only a proof decides whether a set-up learns.
        loss: mean over the examples looked at, before the first step.
        again: makes the subject anew, with so many examples; for proofs.
    """

    framework: str
    backend: str
    setup: Mapping[str, str]
    suspects: tuple[Suspect, ...]
    probes: Mapping[str, Measured]
    units: Mapping[str, str]
    limits: tuple[str, ...]
    seconds: Mapping[str, float]
    state: str = "unknown"
    harms: tuple[str, ...] = ()
    loss: float = math.nan
    again: "Callable[[int], Subject] | None" = field(default=None, repr=False)

    def prove(self, budget: float = 60.0, **options: Any) -> "Proof":
        """Trains the set-up with and without each suspect, and says which of them it is.

        See `unstuck.proofs.proof.prove` for the options.

        Args:
            budget: seconds of wall-clock time, kept to within a tenth.
        """
        from unstuck.proofs.proof import prove

        return prove(self, budget, **options)

    @property
    def verdict(self) -> str:
        """ "suspected" or "nothing suspicious"."""
        return "suspected" if self.suspects else "nothing suspicious"

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values; numbers that are not finite become None."""
        record = {
            "framework": self.framework,
            "backend": self.backend,
            "state": self.state,
            "setup": dict(self.setup),
            "causes": [
                {
                    "name": s.name,
                    "status": s.status,
                    "rank": s.rank,
                    "title": s.title,
                    "mechanism": s.mechanism,
                    "evidence": [
                        {
                            "probe": e.probe,
                            "value": e.value,
                            "expected": e.expected,
                            "where": e.where,
                            "source": e.source,
                        }
                        for e in s.evidence
                    ],
                    "chain": [
                        {"link": k.says, "probe": k.probe, "value": k.value, "cut": k.cut}
                        for k in s.chain
                    ],
                    "what_if": s.what_if,
                    "removes": list(s.removes),
                    "cure": s.cure,
                    **_trial(s.trial),
                }
                for s in self.suspects
            ],
            "harms": list(self.harms),
            "probes": dict(self.probes),
            "limits": list(self.limits),
            "seconds": dict(self.seconds),
        }
        clean: dict[str, Any] = finite(record)
        return clean

    def __str__(self) -> str:
        from unstuck.report.diagnosis import text

        return text(self)

    def __rich__(self) -> Any:
        from unstuck.report.diagnosis import renderable

        return renderable(self)

    def _repr_html_(self) -> str:
        from unstuck.report.notebook import html

        return html(self)


def _trial(trial: Trial | None) -> dict[str, Any]:
    if trial is None:
        return dict.fromkeys(("effect", "low", "high", "n", "metric"))
    return {
        "effect": trial.effect,
        "low": trial.low,
        "high": trial.high,
        "n": trial.n,
        "metric": trial.metric,
        "change": trial.change,
        "together": list(trial.together),
        "trained": [
            {"link": k.says, "probe": k.probe, "value": k.value, "cut": k.cut} for k in trial.chain
        ],
    }


def finite(value: Any) -> Any:
    """JSON values with None for numbers that are not finite."""
    if isinstance(value, dict):
        return {key: finite(v) for key, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
