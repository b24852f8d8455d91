"""A cause: a named fault, the symptoms that point to it, and the cut that removes just it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unstuck.changes.change import Change
from unstuck.symptoms.symptom import Evidence, Symptom


@dataclass(frozen=True, eq=False)
class Example:
    """A set-up that shows a cause, or one that looks like it and is sound.

    Args:
        says: the set-up in a few words.
        model: the engine's Setup, or any other model that `diagnose` takes.
        arguments: what else `diagnose` is given.
    """

    says: str
    model: Any
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Cause:
    """A named fault.

    Args:
        name: stable slug: in JSON, documents and exit messages.
        title: the fault in a few words.
        mechanism: how it keeps a network from learning, two sentences.
        signs: any of them must be present for the cause to be suspected; () for a fault of the
            loop, which is seen while a script runs.
        cures: the candidate cure as one line, by framework; "" for all others.
        shows, look_alike: a set-up that has the fault, and a sound one that resembles it; None
            for a fault of the loop, which only a script shows.
        cut: what to change to see whether the harms go away; None where the signs decide.
        changes: what removes just this fault in a trial; the best of several counts. None
            for a fault that nothing can remove.
        harms: names of the harms that the fault itself does, for a cause without a cut. It is
            suspected where a sign and one of these is present that no earlier cause accounts for.
        fits: a further condition.
        accounts: whether the harms it does are accounted for, so that they make no later cause
            suspected. `loss-clipping` does not: inputs and clipping are two cuts of one chain.
    """

    name: str
    title: str
    mechanism: str
    signs: tuple[Symptom, ...]
    cures: Mapping[str, str]
    shows: Callable[[], Example] | None = None
    look_alike: Callable[[], Example] | None = None
    cut: Change | None = None
    changes: tuple[Change, ...] = ()
    harms: tuple[str, ...] = ()
    fits: Callable[[Evidence], bool] = lambda evidence: True
    accounts: bool = True

    def cure(self, framework: str) -> str:
        """The candidate cure as one line of this framework."""
        return self.cures.get(framework, self.cures.get("", ""))
