"""Hand-written training loops: found at their first step, then only their losses are read.

While an optimizer is waiting for its first step the script's calls are written down (`tape`).
From then on a loop pays for one closure around `backward` and one hook after a step.
"""

import contextlib
import functools
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import torch
from torch.optim import optimizer as optimizers

from unstuck.script.torch.arguments import arguments
from unstuck.script.torch.recipe import Unseen
from unstuck.script.torch.tape import Backward, Tape

PATIENCE = 1000  # steps of others that an optimizer may wait for its own first
READ = 64  # losses on an accelerator that are read at once, since each reading waits for it


class Loops:
    """The loops of a run, and what belongs to a trainer of some library instead."""

    def __init__(self, trainings: Any) -> None:
        self.trainings = trainings
        self.tape = Tape(lambda: bool(trainings.is_quiet))
        self._waiting: weakref.WeakSet[Any] = weakref.WeakSet()
        self._open: dict[int, Any] = {}  # id of an optimizer -> its training or None
        self._outer: dict[int, list[Any]] = {}  # thread -> trainings of libraries that are open
        self._backwards: list[Backward] = []
        self._stepped = False
        self._in_step: Any = None
        self._last: Any = None  # the loss that was differentiated last
        self._unread: dict[int, list[Any]] = {}
        self._steps = 0

    def install(self) -> None:
        """Sees optimizers made, losses differentiated and steps taken from now on."""
        made, backward = optimizers.Optimizer.__init__, torch.autograd.backward
        loops = self

        @functools.wraps(made)
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            made(optimizer, *args, **kwargs)
            loops._made(optimizer)

        @functools.wraps(backward)
        def differentiate(tensors: Any, *args: Any, **kwargs: Any) -> None:
            loops._last = tensors
            if loops.tape.is_on:
                loops._differentiating(tensors)
                backward(tensors, *args, **kwargs)
                loops._differentiated()
            else:
                backward(tensors, *args, **kwargs)

        optimizers.Optimizer.__init__ = __init__
        torch.autograd.backward = differentiate
        optimizers.register_optimizer_step_pre_hook(self._stepping)
        optimizers.register_optimizer_step_post_hook(self._after_step)

    @contextlib.contextmanager
    def belonging(self, training: Any) -> Iterator[None]:
        """Steps within feed this training and start none of their own; None feeds nobody."""
        outer = self._outer.setdefault(threading.get_ident(), [])
        outer.append(training)
        self.tape.switch_off()
        try:
            yield
        finally:
            outer.pop()
            if self._waiting and not outer:
                self.tape.switch_on()

    def _is_inner(self) -> bool:
        return bool(self._outer.get(threading.get_ident()))

    # -- hooks: an error in one of them is told, and does not reach the script --------------------

    def _made(self, optimizer: Any) -> None:
        if not self.trainings.is_quiet and not self._is_inner():
            self._waiting.add(optimizer)
            self.tape.switch_on()

    def _differentiating(self, tensors: Any) -> None:
        loss = _single(tensors)
        if self.trainings.is_quiet or loss is None:
            return
        self.tape.pause()
        if self._stepped:
            self._backwards, self._stepped = [], False
        self._backwards.append(self.tape.until(loss))

    def _differentiated(self) -> None:
        if self._in_step is not None and not self.trainings.is_quiet:
            optimizer, self._in_step = self._in_step, None
            self._start(optimizer)

    def _stepping(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if id(optimizer) in self._open or self.trainings.is_quiet:
            return
        if self._is_inner():
            if self._waiting:
                self._waiting.discard(optimizer)
            return
        if not self.tape.is_on:
            self._made(optimizer)  # it was made in a way that was not seen: from its next step on
            return
        self.tape.pause()
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if closure is not None and (self._stepped or not self._backwards):
            self._in_step = optimizer  # its loss is computed within the step
        else:
            self._start(optimizer)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        last, self._last = self._last, None
        if self.tape.is_on:
            self._tidy()
        training = self._open.get(id(optimizer))
        if training is None:
            outer = self._outer.get(threading.get_ident())
            training = outer[-1] if outer else None
        if training is None or last is None or self.trainings.is_quiet:
            return
        loss = _single(last)
        if loss is None:
            return
        if loss.device.type == "cpu":
            training.watch.loss(loss.item())
        else:
            self._read_later(training, loss)

    # -- what they do ---------------------------------------------------------------------------

    def _start(self, optimizer: Any) -> None:
        """Says that the training of this optimizer starts, with what was seen of it."""
        self._waiting.discard(optimizer)
        last = self._last
        found: dict[str, Any] = {}  # nothing to be diagnosed
        try:
            with self.trainings.quiet():
                found = arguments(optimizer, self._backwards, list(self._waiting))
        except Unseen as why:
            self.trainings.says(f"a PyTorch training is only watched: {why}")
        except Exception as error:
            self.trainings.says(f"a PyTorch training is only watched: {error!r}")
        key = id(optimizer)
        training = self.trainings.starts("torch", found)
        self._last = last  # the diagnosis differentiates losses of its own
        self._open[key] = training
        weakref.finalize(optimizer, self._open.pop, key, None).atexit = False
        if training is not None:
            training.ends()  # a loop encloses no other training; its losses still come

    def _tidy(self) -> None:
        """After a step, while the tape is on: it goes off when nobody waits any more."""
        self._stepped = True
        self._steps += 1
        self.tape.pause()
        if not self._waiting or self._steps > PATIENCE:
            self._waiting.clear()
            self._backwards, self._steps = [], 0
            self.tape.switch_off()

    def _read_later(self, training: Any, loss: Any) -> None:
        unread = self._unread.setdefault(id(training), [])
        unread.append(loss.detach().reshape(()))
        if len(unread) >= READ:
            values = torch.stack(unread).tolist()
            unread.clear()
            for value in values:
                training.watch.loss(value)


def _single(tensors: Any) -> Any:
    """The one tensor of one number that was differentiated; None if it was anything else."""
    if isinstance(tensors, (tuple, list)) and len(tensors) == 1:
        tensors = tensors[0]
    return tensors if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 else None
