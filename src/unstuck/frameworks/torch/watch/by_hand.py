"""Loops that write their updates out: parameters that go downhill between two backward passes.

No optimizer says that such a loop begins. The first time a loss is differentiated at a line whose
parameters nobody holds, they and their gradients are kept and the tape is switched on; the next
time, how they moved in between tells whether it is a training, and at what rate.
"""

import weakref
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from unstuck.frameworks.torch.watch.faults import never_zeroed
from unstuck.frameworks.torch.watch.graph import leaves
from unstuck.frameworks.torch.watch.rebound import discarded
from unstuck.frameworks.torch.watch.tape import Backward, Tape
from unstuck.setups.routine import PLAIN, Zeroing
from unstuck.watching import descent
from unstuck.watching.place import Place
from unstuck.watching.sweeps import SURE

MOST = 1 << 25  # numbers that are kept; of a larger model's updates nothing is said
PASSES = 64  # backward passes that are waited for a step


@dataclass(eq=False)
class Written:
    """A loop that may be a training.

    Args:
        held: parameters that its loss depends on.
        start: their values before the first backward pass.
        slopes: their gradients since; None for one that has none.
        backwards: losses differentiated since the parameters moved last, once that was seen.
        losses: that were differentiated before the training was known.
        carried: backward passes in a row that added to the gradients of the one before.
    """

    held: list[Any]
    start: list[Any]
    slopes: list[Any] = field(default_factory=list)
    backwards: list[Backward] = field(default_factory=list)
    losses: list[Any] = field(default_factory=list)
    training: Any = None
    carried: int = 0
    _parameter: Any = None  # a weak reference to one of them
    _mark: tuple[Any, int] | None = None  # its gradient as the last pass left it

    def follows(self) -> None:
        """A loss is about to be differentiated, or was: whether its gradients are added up."""
        gradient = getattr(self._parameter() if self._parameter else None, "grad", None)
        if gradient is None:
            self._mark = None
        elif self._mark is not None:
            same, version = self._mark
            kept = same() is gradient and gradient._version == version and bool(gradient.any())
            self.carried, self._mark = self.carried + 1 if kept else 0, None
        else:
            self._mark = weakref.ref(gradient), gradient._version

    @property
    def moved(self) -> list[int]:
        """Which of them are not what they were."""
        pairs = enumerate(zip(self.held, self.start, strict=True))
        return [i for i, (now, before) in pairs if not torch.equal(now.detach(), before)]

    @contextmanager
    def at_start(self) -> Iterator[None]:
        """The parameters are as they were before the first step, and afterwards as they are."""
        now = [p.detach().clone() for p in self.held]
        _put(self.held, self.start)
        try:
            yield
        finally:
            _put(self.held, now)


def _put(parameters: list[Any], values: list[Any]) -> None:
    for parameter, value in zip(parameters, values, strict=True):
        parameter.data.copy_(value)  # which leaves no trace in its version


class ByHand:
    """The loops of a run that no optimizer is seen in.

    Args:
        tape: that calls are written down on.
        begins: (what is trained, the rate or 0 where the rule is another one, backward passes,
            the loop) ↦ its training.
        is_held: whether some optimizer holds one of these parameters, by their ids.
        here: the line that is being executed.
    """

    def __init__(
        self,
        tape: Tape,
        begins: Callable[[list[Any], float, list[Backward], Written], Any],
        is_held: Callable[[set[int]], bool],
        here: Callable[[], Place | None],
    ) -> None:
        self._tape, self._begins, self._is_held, self._here = tape, begins, is_held, here
        self._loops: dict[Place | None, Written | None] = {}
        self._now: Written | None = None

    @property
    def waits(self) -> bool:
        """Whether the tape is to stay on."""
        return any(loop is not None and loop.training is None for loop in self._loops.values())

    def losses(self, loss: Any) -> tuple[Any, list[Any]]:
        """The training that a loss belongs to, and what it is to be told: those before it as well,
        where it has just begun; (None, []) if none."""
        loop = self._now
        if loop is None or loop.training is None:
            return None, []
        told, loop.losses = loop.losses or [loss], []
        return loop.training, told

    def before(self, loss: Any) -> None:
        """A loss is about to be differentiated; None for one that is none of the script's."""
        self._now = None
        if loss is None:
            return
        where = self._here()
        if where not in self._loops:
            self._loops[where] = self._new(loss)
        loop = self._now = self._loops[where]
        if loop is None:
            return
        if loop.training is not None:
            loop.follows()
            if loop.carried == SURE:
                self._accumulates(loop)
            return
        if loop.losses:
            self._decide(where, loop, loss)
            self._now = self._loops[where]
        loop.losses.append(loss.detach())

    def after(self, gradients: Callable[[list[Any]], list[Any]]) -> None:
        """It was differentiated.

        Args:
            gradients: of parameters.
        """
        loop = self._now
        if loop is not None and loop.training is not None:
            loop.follows()
        if loop is not None and loop.training is None:
            loop.slopes = [None if g is None else g.detach().clone() for g in gradients(loop.held)]
            self._tape.switch_on()
            if all(not isinstance(p, torch.nn.Parameter) for p in loop.held):
                self._tape.resume()  # no module will be called that does it

    def drop(self, held: set[int]) -> None:
        """An optimizer steps that holds these parameters: they are not updated by hand."""
        for where, loop in self._loops.items():
            if loop is not None and loop.training is None and held & set(map(id, loop.held)):
                self._loops[where] = None

    def _new(self, loss: Any) -> Written | None:
        held = [leaf for leaf in leaves(loss) if leaf.is_floating_point()]
        if not held or sum(p.numel() for p in held) > MOST or self._is_held(set(map(id, held))):
            return None
        return Written(held, [p.detach().clone() for p in held])

    def _decide(self, where: Place | None, loop: Written, loss: Any) -> None:
        self._tape.pause()
        loop.backwards.append(self._tape.until(loss))
        moved = loop.moved
        if not moved:
            fault = discarded(where, len(loop.losses))
            if fault is not None:
                self._start(where, loop, range(len(loop.held)), 0.0)
                if loop.training is not None:
                    loop.training.saw(fault)
            elif len(loop.losses) > PASSES:
                self._loops[where] = None
            return
        told = [i for i in moved if loop.slopes[i] is not None]
        rate = descent.rate(
            *(
                [held[i].detach().cpu() for i in told]
                for held in (loop.start, loop.slopes, loop.held)
            )
        )
        if rate is None or len(told) < len(moved):
            self._loops[where] = None
            return
        self._start(where, loop, moved, rate)

    def _start(self, where: Place | None, loop: Written, which: Iterable[int], rate: float) -> None:
        trained = [loop.held[i] for i in which]
        loop.training = self._begins(trained, rate, loop.backwards[-1:], loop)
        loop._parameter = weakref.ref(trained[0]) if trained else None
        loop.held, loop.start, loop.slopes, loop.backwards = [], [], [], []
        if loop.training is None:
            self._loops[where] = None

    def _accumulates(self, loop: Written) -> None:
        loop.training.saw(never_zeroed(loop.carried))
        loop.training.routine(replace(PLAIN, zeroing=Zeroing.NEVER))
