"""What a diagnosis found, as one frozen record; every display is drawn from it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from unstuck.records.effect import Effect
from unstuck.records.shape import Cloud, Distribution
from unstuck.records.states import State, Status

Value = float | int | str | None
Measured = Value | dict[str, Value]  # a number, or one a layer, input or class


@dataclass(frozen=True)
class Evidence:
    """One probe's value beside what a set-up that can learn shows.

    Args:
        probe: name.
        value: as it was measured.
        expected: in words.
        where: the layer, input or class it was found in; "" where that is no question.
        source: of what is expected.
    """

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
class Tested:
    """What taking a cause away did, on paired seeds.

    Args:
        change: what was changed, in words.
        effect: against the set-up as it is, in the proof's measure.
        together: other causes that were taken away along with it.
        chain: quantities after training, as it is and with the change.
        short: more seeds that may decide it, where these have not.
    """

    change: str
    effect: Effect
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
        status: `SUSPECTED` until trials decide.
        tested: what the trials say; None where none was made.
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
    status: Status = Status.SUSPECTED
    tested: Tested | None = None


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
        state: `UNKNOWN`: only a proof decides whether a set-up learns.
        loss: mean over the examples looked at, before the first step.
        cut: the change, in words, with which distributions and clouds were looked at again: the
            first suspect's; "" where it has none.
        distributions: of what flows through the network, in the order of the flow.
        clouds: the inputs beside the first layer's hyperplanes, as it is and with the cut; none
            where that leaves the inputs as they are, or the first layer is of another kind.
        fingerprint: of the examples looked at: sixteen hex digits of a SHA-256.
        calls: how often a step's forward pass and loss were computed for it, on copies; None
            where that is not counted, as where a framework compiles them.
    """

    framework: str
    backend: str
    setup: Mapping[str, str]
    suspects: tuple[Suspect, ...]
    probes: Mapping[str, Measured]
    units: Mapping[str, str]
    limits: tuple[str, ...]
    seconds: Mapping[str, float]
    state: State = State.UNKNOWN
    harms: tuple[str, ...] = ()
    loss: float = math.nan
    cut: str = ""
    distributions: tuple[Distribution, ...] = ()
    clouds: tuple[Cloud, ...] = ()
    fingerprint: str = ""
    calls: int | None = None

    @property
    def verdict(self) -> str:
        """ "suspected" or "nothing suspicious"."""
        return "suspected" if self.suspects else "nothing suspicious"
