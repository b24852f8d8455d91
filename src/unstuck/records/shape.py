"""The shapes of what flows through a network, small enough to be kept in a record and drawn."""

from dataclasses import dataclass

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)

Plane = tuple[float, float]


@dataclass(frozen=True)
class Distribution:
    """How one quantity is distributed over the examples looked at, before the first step.

    Args:
        says: the quantity: "inputs", "targets", "pre-activations of dense", "outputs".
        quantiles: at 0, 5, 25, 50, 75, 95 and 100 %, of what is finite.
        cut: the same with the report's cut, looked at again; () where there is none.
    """

    says: str
    quantiles: tuple[float, ...]
    cut: tuple[float, ...] = ()


@dataclass(frozen=True)
class Cloud:
    """The inputs in the plane of their two leading principal components, with the hyperplanes of
    the first layer where they meet that plane.

    Args:
        says: "as it is", or the cut in words.
        points: of at most 120 examples, in the inputs' units, from the examples' mean.
        lines: (a, b, c) of at most 24 units, a·x + b·y + c = 0 with a² + b² = 1.
        missing: share of the first layer's units with all examples looked at on one side.
        shown: share of the inputs' variance that the plane shows.
    """

    says: str
    points: tuple[Plane, ...]
    lines: tuple[tuple[float, float, float], ...]
    missing: float
    shown: float
