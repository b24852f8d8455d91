"""Trainings without an optimizer: updates that the script writes out, on parameters of modules, on
tensors of its own, or on those that it hands to a function."""

import contextlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import torch

from unstuck.frameworks.torch.watch import of_keras
from unstuck.frameworks.torch.watch.arguments import Step, arguments
from unstuck.frameworks.torch.watch.by_hand import ByHand, Written
from unstuck.frameworks.torch.watch.functional import Called
from unstuck.frameworks.torch.watch.tape import Backward
from unstuck.frameworks.torch.watch.written import as_module
from unstuck.setups.calls import counted
from unstuck.setups.untouched import untouched
from unstuck.watching.place import is_ours, is_users
from unstuck.watching.unseen import Unseen

ONE_BATCH = "one batch of the data was seen"
RULE = "how its parameters are updated was not seen"


class Updates:
    """Of a run.

    Args:
        loops: of the same run.
    """

    def __init__(self, loops: Any) -> None:
        self._loops = loops
        self._by_hand = ByHand(loops.tape, self._begins, self._is_held, loops.trainings.here)
        self._functions: dict[Any, Called | Any] = {}  # a loss's code -> first call, or training

    @property
    def waits(self) -> bool:
        """Whether the tape is to stay on."""
        return self._by_hand.waits

    def before(self, loss: Any) -> None:
        """A loss is about to be differentiated."""
        waited = self.waits
        own = _is_by_user() and not self._loops.trainings.is_within
        self._by_hand.before(loss if own else None)
        if waited and not self.waits:
            self._loops.rest()
        training, losses = self._by_hand.losses(loss)
        for one in losses:
            self._loops.losses.feed(training, one, 1)

    def after(self, slopes: dict[int, Any] | None) -> None:
        """It was differentiated; gradients by the ids of parameters, where they have none."""
        self._by_hand.after(
            lambda held: [p.grad if slopes is None else slopes.get(id(p)) for p in held]
        )

    def drop(self, optimizer: Any) -> None:
        """What an optimizer holds is not updated by hand."""
        self._by_hand.drop({id(p) for group in optimizer.param_groups for p in group["params"]})

    def differentiated(self, called: Called) -> None:
        """A loss was differentiated with `torch.func`."""
        if self._loops.trainings.is_quiet:
            return
        key = getattr(called.function, "__code__", called.function)
        known = self._functions.setdefault(key, called)
        if isinstance(known, Called):
            if known is called:
                return
            rate = known.rate(called)
            first = known.loss.detach()
            known = self._functions[key] = None if rate is None else self._of_function(known, rate)
            if known is not None:
                self._loops.losses.feed(known, first, 1)
        if known is not None:
            self._loops.losses.feed(known, called.loss, 1)

    def _is_held(self, parameters: set[int]) -> bool:
        return bool(parameters & self._loops.belong())

    def _begins(
        self, trained: list[Any], rate: float, backwards: list[Backward], loop: Written
    ) -> Any:
        def find() -> Step:
            held, seen = trained, backwards
            if not any(c.is_module for b in backwards for c in b.calls):
                whole, network = as_module(backwards[-1], trained)
                held, seen = list(network.parameters()), [whole]
            return _step(held, rate, seen)

        return self._started(find, loop.at_start)

    @counted()
    def _of_function(self, called: Called, rate: float) -> Any:
        try:
            module = called.module()
            with called.put(module), untouched():
                backward = called.again(module, self._loops.tape)
        except Unseen as reason:
            return self._started(_raising(reason), contextlib.nullcontext)

        def find() -> Step:
            with called.put(module):
                return _step(list(module.parameters()), rate, [backward])

        return self._started(find, lambda: called.put(module))

    def _started(self, find: Callable[[], Step], at_start: Any) -> Any:
        step = Step({})

        def given(optimizer: Any) -> dict[str, Any]:
            nonlocal step
            step = find()
            return step.arguments

        training = self._loops.started("torch", given, None, at_start)
        if training is None:
            return None
        if step.nothing is not None:
            training.watch.nothing = step.nothing
        if step.meaningless:
            training.says_nothing(step.meaningless)
        if step.one_batch or (step.arguments and "optimizer" not in step.arguments):
            training.cannot_be_proven(ONE_BATCH if step.one_batch else RULE)
        training.ends()  # a loop encloses no other training; its losses still come
        return training


_TORCH = Path(torch.__file__).parent


def _is_by_user() -> bool:
    """Whether the script differentiates a loss, rather than a library that it calls."""
    frame = sys._getframe(1)
    while frame.f_back is not None and _passes_on(frame.f_code.co_filename):
        frame = frame.f_back
    return is_users(frame.f_code.co_filename)


@cache
def _passes_on(file: str) -> bool:
    return is_ours(file) or _TORCH in Path(file).parents


def _step(held: list[Any], rate: float, backwards: list[Backward]) -> Step:
    """With gradient descent at a rate for an optimizer; at 0 with one of Keras's, or none."""
    step = arguments(torch.optim.SGD(held, rate or 1.0), backwards, [])
    if not rate:
        found = of_keras.optimizer_in_reach(step.model)
        step.arguments.pop("optimizer")
        step.arguments.update({} if found is None else {"optimizer": found})
    return step


def _raising(reason: Unseen) -> Callable[[], Step]:
    def find() -> Step:
        raise reason

    return find
