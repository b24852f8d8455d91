"""Parameters that training cannot change."""

from collections.abc import Callable

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe
from unstuck.setups.subject import Parameter


def frozen(look: Look) -> Measured:
    """Share of parameters, by number of entries, that are marked as not trainable."""
    return _share(look, lambda p: not p.trainable)


def forgotten(look: Look) -> Measured:
    """Share of parameters that are trainable yet not held by the optimizer."""
    return None if look.about.rule is None else _share(look, lambda p: p.trainable and not p.held)


def _share(look: Look, chosen: Callable[[Parameter], bool]) -> float | None:
    entries = sum(p.value.size for p in look.seen.parameters)
    if not entries:
        return None
    return sum(p.value.size for p in look.seen.parameters if chosen(p)) / entries


PROBES = (
    Probe("frozen_parameters", "share", frozen),
    Probe("forgotten_parameters", "share", forgotten),
)
