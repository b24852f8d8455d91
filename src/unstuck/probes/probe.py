"""A probe: one measured quantity, its formula, unit and source. No judgement."""

from collections.abc import Callable
from dataclasses import dataclass

from unstuck.probes.look import Look, Measured


@dataclass(frozen=True)
class Probe:
    """One measured quantity of a subject.

    Args:
        name: key in reports, stable.
        unit: what the value is counted in.
        measure: Look ↦ a number, or a mapping from layer to number; None where it cannot be
            measured. Its docstring gives formula and source.
    """

    name: str
    unit: str
    measure: Callable[[Look], Measured]

    @property
    def formula(self) -> str:
        """The first paragraph of the measuring function's docstring."""
        text = (self.measure.__doc__ or "").strip().split("\n\n")[0]
        return " ".join(text.split())
