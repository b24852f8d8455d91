"""How the numbers are stored."""

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def input_dtype(look: Look) -> Measured:
    """Type of each input's numbers as handed over."""
    return {name: str(a.dtype) for name, a in zip(look.sample.names, look.sample.x, strict=True)}


def target_dtype(look: Look) -> Measured:
    """Type of the targets' numbers as handed over."""
    return None if look.sample.y is None else str(look.sample.y.dtype)


PROBES = (
    Probe("input_dtype", "name", input_dtype),
    Probe("target_dtype", "name", target_dtype),
)
