"""When a compiled loop takes the steps of a framework's copy in a trial.

It is accepted by test on the very set-up, and made where it saves more than it costs.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

CHECKED = 20  # steps in which a compiled loop has to do what the framework does
LOSSES = 1e-3  # by which losses may differ: float32's rounding, after so many steps
WAYS = 0.05  # share of the way that the parameters went, by which they may differ likewise
COST = 2.0  # seconds that the first one is taken to cost: import, trace and compilation
FASTER = 1.25  # times as fast it has to be
TIMED = 3  # times that it is timed, of which the best counts: a busy machine is slow at times

T = TypeVar("T")


class Untranslatable(Exception):
    """A set-up whose steps a compiled loop cannot take; why, as half a sentence."""


class NoFaster(Untranslatable):
    """A compiled loop that saves nothing, as where convolutions take all of the time: those of
    the same network with another optimizer save nothing either."""

    def __init__(self) -> None:
        super().__init__("compiled, it is no faster")


class Untested(Exception):
    """A copy on which a compiled loop cannot be tested; another one may do."""


@dataclass(frozen=True, eq=False)
class Walk:
    """Some steps of a copy.

    Args:
        losses: of each step.
        params: after them.
        step_seconds: of one step, at best.
    """

    losses: Sequence[float]
    params: Sequence[NDArray[Any]]
    step_seconds: float


@dataclass(eq=False)
class CompiledLoops(Generic[T]):
    """Those of one subject's trials, by what makes their programs differ.

    What is paid for native trials of one kind is counted, and a loop is compiled once that would
    come to more than it costs: never more than twice what is best (the ski-rental rule). Once one
    is no faster, no other kind is compiled.

    Attributes:
        why: a kind of trial has none.
        foreseen: steps of trials of one kind that are sure to come.
    """

    foreseen: int = 0
    why: dict[Hashable, str] = field(default_factory=dict)
    _made: dict[Hashable, T | None] = field(default_factory=dict)
    _spent: dict[Hashable, float] = field(default_factory=lambda: defaultdict(float))
    _cost: float = COST
    _step: float = 0.0
    _saves: bool = True

    def of(
        self, kind: Hashable, steps: int, make: Callable[[], T], left: float = float("inf")
    ) -> T | None:
        """The compiled loop for a trial of so many steps; None if it is to be trained natively.

        Args:
            left: seconds that the trial may take.
        """
        if kind in self._made:
            return self._made[kind]
        if not self._saves or left < self._cost:
            return None
        if self._spent[kind] + max(steps, self.foreseen) * self._step < self._cost:
            return None
        began = time.perf_counter()
        try:
            self._made[kind] = make()
        except Untested:
            self._spent[kind] = 0.0
            return None
        except NoFaster as reason:
            self._made[kind], self.why[kind], self._saves = None, str(reason), False
        except Exception as reason:  # whatever a user's model makes of being traced
            self._made[kind] = None
            self.why[kind] = (str(reason).strip().splitlines() or [type(reason).__name__])[0][:200]
        self._cost = time.perf_counter() - began
        return self._made[kind]

    def how(self, kind: Hashable) -> str:
        """How trials of a kind run: compiled, or natively and, where it is known, why."""
        if self._made.get(kind) is not None:
            return "compiled"
        return f"native: {self.why[kind]}" if kind in self.why else "native"

    def native(self, kind: Hashable, steps: int, step_seconds: float) -> None:
        """A trial was trained natively."""
        self._step = step_seconds
        self._spent[kind] += steps * step_seconds


def check(start: Sequence[NDArray[Any]], native: Walk, compiled: Walk, random: bool) -> None:
    """Sees whether a compiled loop does what the framework does, and does it faster.

    Args:
        start: parameters before the first step.
        random: whether a step draws numbers: then losses are compared in distribution alone, by
            five standard errors of the difference of their means.

    Raises:
        Untranslatable: it does not.
        Untested: the framework's own steps diverge.
    """
    a, b = np.asarray(native.losses), np.asarray(compiled.losses)
    if not np.isfinite(a).all():
        raise Untested
    if len(a) != len(b) or not np.isfinite(b).all():
        raise Untranslatable("compiled, it diverges")
    if random:
        error = np.sqrt((a.var() + b.var()) / len(a)) + LOSSES * abs(a.mean())
        alike = abs(a.mean() - b.mean()) <= 5 * error
    else:
        alike = bool((abs(a - b) <= LOSSES * (abs(a) + 1e-2 * abs(a).max())).all())
        apart = _distance(native.params, compiled.params)
        alike = alike and apart <= WAYS * _distance(native.params, start) + 1e-6
    if not alike:
        raise Untranslatable("compiled, it does something else")
    if compiled.step_seconds * FASTER > native.step_seconds:
        raise NoFaster


def _distance(some: Sequence[NDArray[Any]], others: Sequence[NDArray[Any]]) -> float:
    squares = (np.sum(np.square(np.subtract(a, b))) for a, b in zip(some, others, strict=True))
    return float(np.sqrt(sum(squares)))
