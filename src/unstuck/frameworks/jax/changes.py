"""The changes of the loop itself, alike for bare JAX functions and the engine: {part: how}."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.setups.routine import Routine
from unstuck.setups.subject import About
from unstuck.setups.trainer import Refused


@dataclass(frozen=True)
class Loop:
    """What is done around a step.

    Args:
        batch_size: examples a step.
        shuffled: whether each epoch has a new order.
        rate: factor on what the optimizer adds.
        routine: of the set-up, as changed.
    """

    batch_size: int
    shuffled: bool
    rate: float
    routine: Routine


def loop_of(about: About, changes: Combination) -> Loop:
    """The loop of a set-up with these changes; those that are not of the loop are passed over.

    Raises:
        Refused: one of them cannot be made.
    """
    loop = Loop(about.batch_size, about.shuffled is not False, 1.0, about.routine)
    for part, how in HOW.items():
        if any(c.part is part for c in changes):
            loop = how(loop, value(changes, part))
    return loop


def of_loop(changes: Combination) -> Combination:
    """The changes of the loop."""
    return tuple(c for c in changes if c.part in HOW or c.part in (Part.STEPS, Part.ORDER))


def of_rest(changes: Combination) -> Combination:
    """The changes that are of neither the data nor the loop."""
    return tuple(c for c in of_setup(changes) if c not in of_loop(changes))


def _rate(loop: Loop, factor: Value) -> Loop:
    assert isinstance(factor, float | int)
    return replace(loop, rate=loop.rate * factor)


def _clipping(loop: Loop, norm: Value) -> Loop:
    assert isinstance(norm, float | int)
    return replace(loop, routine=replace(loop.routine, clip_norm=float(norm)))


def _batch(loop: Loop, size: Value) -> Loop:
    assert isinstance(size, int)
    return replace(loop, batch_size=size)


def _shuffling(loop: Loop, shuffled: Value) -> Loop:
    return replace(loop, shuffled=bool(shuffled))


def _schedule(loop: Loop, kind: Value) -> Loop:
    if not loop.routine.rates:
        raise Refused("the learning rate is constant")
    if kind != "constant":
        raise Refused("what an epoch of its schedule is was not seen")
    return replace(loop, routine=replace(loop.routine, rates=()))


HOW: dict[Part, Callable[[Loop, Value], Loop]] = {
    Part.RATE: _rate,
    Part.CLIPPING: _clipping,
    Part.BATCH: _batch,
    Part.SHUFFLING: _shuffling,
    Part.SCHEDULE: _schedule,
}
