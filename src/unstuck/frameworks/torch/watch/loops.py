"""Hand-written training loops: found at their first step, then only their losses are read.

While an optimizer is waiting for its first step the script's calls are written down (`tape`).
From then on a loop pays for one closure around `backward` and one hook after a step.
"""

import contextlib
import functools
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.optim import optimizer as optimizers

from unstuck.frameworks.torch.setup import first_line
from unstuck.frameworks.torch.watch.arguments import arguments
from unstuck.frameworks.torch.watch.recipe import Unseen
from unstuck.frameworks.torch.watch.tape import Backward, Tape
from unstuck.setups.untouched import untouched

PATIENCE = 1000  # steps of others that an optimizer may wait for its own first
READ = 64  # losses on an accelerator that are read together, since reading waits for it


@dataclass
class _Trainer:
    """A library's training that is running."""

    framework: str
    start: Callable[[Any], dict[str, Any]] | None  # None once it has started
    training: Any = None


class Loops:
    """The loops of a run, and what belongs to a trainer of some library instead."""

    def __init__(self, trainings: Any) -> None:
        self.trainings = trainings
        self.tape = Tape(lambda: bool(trainings.is_quiet))
        self._waiting: weakref.WeakSet[Any] = weakref.WeakSet()
        self._open: dict[int, Any] = {}  # id of an optimizer -> its training or None
        self._trainers: dict[int, list[_Trainer]] = {}  # thread -> those that are running
        self._backwards: list[Backward] = []
        self._stepped = False
        self._in_step: Any = None
        self._last: Any = None  # the loss that was differentiated last
        self._unread: list[tuple[Any, Any]] = []
        self._steps = 0
        self._undo: list[Callable[[], Any]] = []

    def install(self) -> None:
        """Sees optimizers made, losses differentiated and steps taken from now on."""
        made, backward = optimizers.Optimizer.__init__, torch.autograd.backward
        loops = self

        @functools.wraps(made)
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            made(optimizer, *args, **kwargs)
            loops._guarded(loops._made, optimizer)

        @functools.wraps(backward)
        def differentiate(tensors: Any, *args: Any, **kwargs: Any) -> None:
            loops._last = tensors
            if loops.tape.is_on:
                loops._guarded(loops._differentiating, tensors)
                backward(tensors, *args, **kwargs)
                loops._guarded(loops._differentiated)
            else:
                backward(tensors, *args, **kwargs)

        optimizers.Optimizer.__init__ = __init__
        torch.autograd.backward = differentiate
        before = optimizers.register_optimizer_step_pre_hook(self._stepping)
        after = optimizers.register_optimizer_step_post_hook(self._after_step)
        self._undo = [
            lambda: setattr(optimizers.Optimizer, "__init__", made),
            lambda: setattr(torch.autograd, "backward", backward),
            before.remove,
            after.remove,
        ]

    def remove(self) -> None:
        """Takes every hook off; `install` puts them back."""
        self.tape.switch_off()
        for undo in self._undo:
            undo()
        self._undo = []

    @contextlib.contextmanager
    def belonging(self, start: Callable[[Any], dict[str, Any]], framework: str) -> Iterator[None]:
        """Steps within are those of one training of a library, which starts with the first.

        Args:
            start: the optimizer that is about to step ↦ arguments of `unstuck.diagnose`.
        """
        trainers = self._trainers.setdefault(threading.get_ident(), [])
        trainers.append(_Trainer(framework, start))
        self.tape.switch_off()
        try:
            yield
        finally:
            training = trainers.pop().training
            if training is not None:
                training.ends()
            if self._waiting and not trainers:
                self.tape.switch_on()

    def _trainer(self) -> "_Trainer | None":
        """The outermost that is open in this thread."""
        trainers = self._trainers.get(threading.get_ident())
        return trainers[0] if trainers else None

    # -- hooks: an error of ours in one of them is told, and does not reach the script -------------

    def _guarded(self, act: Callable[..., None], *args: Any) -> None:
        try:
            act(*args)
        except Exception as error:
            self.trainings.says(f"a PyTorch training could not be followed: {first_line(error)}")

    def _made(self, optimizer: Any) -> None:
        if not self.trainings.is_quiet and self._trainer() is None:
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
        if id(optimizer) not in self._open and not self.trainings.is_quiet:
            closure = args[1] if len(args) > 1 else kwargs.get("closure")
            self._guarded(self._unknown_steps, optimizer, closure)

    def _unknown_steps(self, optimizer: Any, closure: Any) -> None:
        trainer = self._trainer()
        if trainer is not None:
            self._start_trainer(trainer, optimizer)
        elif not self.tape.is_on:
            self._made(optimizer)  # it was made in a way that was not seen: from its next step on
        elif closure is not None and (self._stepped or not self._backwards):
            self.tape.pause()
            self._in_step = optimizer  # its loss is computed within the step
        else:
            self.tape.pause()
            self._start(optimizer)

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.trainings.is_quiet:
            return
        last, self._last = self._last, None
        if self.tape.is_on:
            self._guarded(self._tidy)
        training = self._open.get(id(optimizer))
        if self._trainers and (trainer := self._trainer()) is not None:
            training = trainer.training
        if training is None or last is None:
            return
        try:
            self._feed(training, last)
        except Exception as error:
            self.trainings.says(f"a loss could not be read: {first_line(error)}")

    # -- what they do ---------------------------------------------------------------------------

    def _start(self, optimizer: Any) -> None:
        """Says that the training of this optimizer starts, with what was seen of it."""
        self._waiting.discard(optimizer)
        others = list(self._waiting)
        key, one_batch = id(optimizer), False

        def find(optimizer: Any) -> dict[str, Any]:
            nonlocal one_batch
            found, one_batch = arguments(optimizer, self._backwards, others)
            return found

        training = self._started("torch", find, optimizer)
        self._open[key] = training
        weakref.finalize(optimizer, self._open.pop, key, None).atexit = False
        if training is not None:
            if one_batch:
                training.cannot_be_proven("one batch of the data was seen")
            training.ends()  # a loop encloses no other training; its losses still come

    def _start_trainer(self, trainer: "_Trainer", optimizer: Any) -> None:
        if self._waiting:
            self._waiting.discard(optimizer)
        if trainer.start is None:
            return
        start, trainer.start = trainer.start, None
        trainer.training = self._started(trainer.framework, start, optimizer)

    def _started(
        self, framework: str, find: Callable[[Any], dict[str, Any]], optimizer: Any
    ) -> Any:
        last = self._last
        found: dict[str, Any] = {}  # nothing to be diagnosed
        try:
            if not self.trainings.was_here():  # what is known need not be found again
                with self.trainings.quiet(), untouched():
                    found = find(optimizer)
        except Unseen as why:
            self.trainings.says(f"a {framework} training is only watched: {why}")
        except Exception as error:
            self.trainings.says(f"a {framework} training is only watched: {first_line(error)}")
        training = self.trainings.starts(framework, found)
        self._last = last  # the diagnosis differentiates losses of its own
        return training

    def _tidy(self) -> None:
        """After a step, while the tape is on: it goes off when nobody waits any more."""
        self._stepped = True
        self._steps += 1
        self.tape.pause()
        if not self._waiting or self._steps > PATIENCE:
            self._waiting.clear()
            self._backwards, self._steps = [], 0
            self.tape.switch_off()

    def _feed(self, training: Any, last: Any) -> None:
        loss = _single(last)
        if loss is None:
            return
        if loss.is_cpu:
            training.watch.loss(loss.item())
        else:
            self._read_later(training, loss)

    def _read_later(self, training: Any, loss: Any) -> None:
        self._unread.append((training, loss.detach().reshape(())))
        if len(self._unread) >= READ:
            self.read()

    def read(self) -> None:
        """Hands on the losses that wait on an accelerator; to be called once more at the end."""
        unread, self._unread = self._unread, []
        for training, loss in unread:
            training.watch.loss(loss.item())


def _single(tensors: Any) -> Any:
    """The one tensor of one number that was differentiated; None if it was anything else."""
    if isinstance(tensors, (tuple, list)) and len(tensors) == 1:
        tensors = tensors[0]
    return tensors if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 else None
