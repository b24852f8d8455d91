"""Hand-written training loops: found at their first step, then only their losses are read.

While an optimizer is waiting for its first step the script's calls are written down (`tape`).
From then on a loop pays for one closure around `backward`, two hooks around a step and what
follows its routine (`follower`).
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
from unstuck.frameworks.torch.watch import faults, functional
from unstuck.frameworks.torch.watch.anew import Anew
from unstuck.frameworks.torch.watch.arguments import Step, arguments
from unstuck.frameworks.torch.watch.evaluations import Evaluations
from unstuck.frameworks.torch.watch.follower import (
    FIRST,
    Clipping,
    Follower,
    followed,
    in_turn,
    is_idle,
)
from unstuck.frameworks.torch.watch.graph import parameters, single
from unstuck.frameworks.torch.watch.notes import (
    see_clipping,
    see_gradients,
    see_loading,
    see_made,
    see_scaling,
)
from unstuck.frameworks.torch.watch.reading import Reading
from unstuck.frameworks.torch.watch.tape import Backward, Tape
from unstuck.frameworks.torch.watch.unmoved import Idle, held_by, made_of
from unstuck.frameworks.torch.watch.updates import ONE_BATCH, Updates
from unstuck.frameworks.torch.watch.written import with_optimizer
from unstuck.setups.calls import counted
from unstuck.setups.routine import Zeroing
from unstuck.setups.untouched import untouched
from unstuck.watching.standing import put
from unstuck.watching.sweeps import SWEEPS

PATIENCE = 1000  # steps of others that an optimizer may wait for its own first
ACTIVE = 4  # optimizers that are followed at a time: those that stepped last
TURNS = "optimizers take turns on each other's networks, as in adversarial training"

Settings = tuple[dict[str, Any], float]  # fields of a routine, steps an epoch


@dataclass
class _Trainer:
    """A library's training that is running."""

    framework: str
    start: Callable[[Any], dict[str, Any]] | None  # None once it has started
    settings: Callable[[], Settings] | None = None
    training: Any = None


class Loops:
    """The loops of a run, and what belongs to a trainer of some library instead."""

    def __init__(self, trainings: Any) -> None:
        self.trainings = trainings
        self.tape = Tape(lambda: bool(trainings.is_quiet))
        self._updates = Updates(self)
        self._waiting: weakref.WeakSet[Any] = weakref.WeakSet()
        self._open: dict[int, Any] = {}  # id of an optimizer -> its training or None
        self._trainers: dict[int, list[_Trainer]] = {}  # thread -> those that are running
        self._backwards: list[Backward] = []
        self._stepped = False
        self._in_step: Any = None
        self._last: Any = None  # the loss that was differentiated last
        self.losses = Reading()
        self._steps = 0
        self._active: list[Follower] = []
        self._followers: dict[int, Follower] = {}  # id of an optimizer -> what follows it
        self._clippings: list[Clipping] = []  # since the last step
        self._scaled: tuple[Any, Any] | None = None  # a loss times a scaler's factor, and the loss
        self._reached: list[Any] = []  # parameters the loss depends on that was differentiated last
        self._count = 0  # backward passes
        self._cut = False  # whether the last loss was made anew of another number
        self._idle, self._anew = Idle(self.tape), Anew()
        self._undo: list[Callable[[], Any]] = []

    def install(self) -> None:
        """Sees optimizers made, losses differentiated and steps taken from now on."""
        self._anew = Anew()
        before = optimizers.register_optimizer_step_pre_hook(self._stepping)
        after = optimizers.register_optimizer_step_post_hook(self._after_step)
        self._undo = [
            put(torch.autograd, "backward", self._with_backward),
            before.remove,
            after.remove,
            *see_made(functools.partial(self._guarded, self._made)),
            *see_gradients(self._gradients),
            *functional.see(functools.partial(self._guarded, self._updates.differentiated)),
            *see_clipping(functools.partial(self._guarded, self._clips)),
            *see_scaling(self._scales),
            *see_loading(functools.partial(self._guarded, self._loaded)),
            *Evaluations(self.trainings, self._followers).see(),
        ]

    def _with_backward(self, backward: Any) -> Any:
        def differentiate(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if self.trainings.is_quiet:
                backward(tensors, *args, **kwargs)
                return
            scaled = self._scaled
            loss = scaled[1] if scaled is not None and scaled[0] is tensors else tensors
            self._last = loss
            self._guarded(self._before_backward, loss)
            if self.tape.is_on:
                self._guarded(self._differentiating, loss)
                backward(tensors, *args, **kwargs)
                self._guarded(self._differentiated)
            else:
                backward(tensors, *args, **kwargs)
            self._guarded(self._after_backward)
            for follower in self._active:
                follower.after_backward()

        return differentiate

    def _clips(self, clipping: Clipping) -> None:
        if not self.trainings.is_quiet:
            self._clippings.append(clipping)

    def _scales(self, scaled: Any, loss: Any) -> None:
        if not self.trainings.is_quiet:
            self._scaled = scaled, loss

    def _loaded(self, optimizer: Any) -> None:
        follower = self._followers.get(id(optimizer))
        if follower is not None and follower.is_sweep and not self.trainings.is_quiet:
            self._forget(id(optimizer))
            self._made(optimizer)

    def remove(self) -> None:
        """Takes every hook off; `install` puts them back."""
        self.tape.switch_off()
        for undo in self._undo:
            undo()
        self._undo = []

    def awaits(self, optimizer: Any) -> None:
        """An optimizer that was made before: its next step is its first."""
        self._guarded(self._made, optimizer)

    @contextlib.contextmanager
    def belonging(
        self,
        start: Callable[[Any], dict[str, Any]],
        framework: str,
        settings: Callable[[], Settings] | None = None,
    ) -> Iterator[None]:
        """Steps within are those of one training of a library, which starts with the first.

        Args:
            start: the optimizer that is about to step ↦ arguments of `unstuck.diagnose`.
            settings: gives fields of the `Routine` that the library's own settings say, and the
                steps an epoch, 0 if not known; called with the first step.
        """
        trainers = self._trainers.setdefault(threading.get_ident(), [])
        trainers.append(_Trainer(framework, start, settings))
        self.tape.switch_off()
        try:
            yield
        finally:
            training = trainers.pop().training
            if training is not None:
                for follower in list(self._followers.values()):
                    if follower.training is training:
                        self._guarded(self._tell, follower)
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
            held = (p for group in optimizer.param_groups for p in group["params"])
            if not any(isinstance(p, torch.nn.Parameter) for p in held):
                self.tape.resume()  # no module will be called that does it

    def _before_backward(self, tensors: Any) -> None:
        if self.trainings.is_quiet:
            return
        self._count += 1
        if self.tape.is_on or any(follower.steps < FIRST for follower in self._active):
            loss = single(tensors)
            self._reached = [] if loss is None else parameters(loss)
        for follower in self._active:
            follower.before_backward()
        if self._trainer() is None and (loss := single(tensors)) is not None:
            self._updates.before(loss)

    def _gradients(self, loss: Any, slopes: dict[int, Any], done: bool) -> None:
        """Gradients are about to be handed out rather than added up in parameters, or were.

        Where optimizers are at work, of what none of them holds is no training's: of inputs, say.
        """
        held = self.belong()
        if self.trainings.is_quiet or (held and not held & set(slopes)):
            return
        if done:
            self._guarded(self._after_backward, slopes)
            return
        self._last = loss
        self._guarded(self._before_backward, loss)
        if self.tape.is_on:
            self._guarded(self._differentiating, loss)

    def _after_backward(self, slopes: dict[int, Any] | None = None) -> None:
        if not self.trainings.is_quiet and self._trainer() is None:
            self._updates.after(slopes)

    def _differentiating(self, tensors: Any) -> None:
        loss = single(tensors)
        if self.trainings.is_quiet or loss is None:
            return
        self.tape.pause()
        if self._stepped:
            self._backwards, self._stepped = [], False
        number = None if self._reached else made_of(loss, self.tape, self._waiting)
        self._cut = number is not None
        self._backwards.append(self.tape.until(loss if number is None else number))

    def _differentiated(self) -> None:
        if self._in_step is not None and not self.trainings.is_quiet:
            optimizer, self._in_step = self._in_step, None
            self._start(optimizer)

    def _stepping(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.trainings.is_quiet:
            return
        if self._updates.waits:
            self._updates.drop(optimizer)
        follower = self._followers.get(id(optimizer))
        if follower is not None and self._trainer() is None and follower.is_another:
            self._guarded(self._again, optimizer)
            return  # from its next step on, whose loss is written down
        if id(optimizer) not in self._open:
            closure = args[1] if len(args) > 1 else kwargs.get("closure")
            self._guarded(self._unknown_steps, optimizer, closure)
        follower = self._followers.get(id(optimizer))
        if follower is not None:
            if follower.unmoved is Zeroing.NO_BACKWARD and self._last is None:
                self._last = self.tape.number(follower.held)
            self._guarded(follower.before_step)

    def _unknown_steps(self, optimizer: Any, closure: Any) -> None:
        trainer = self._trainer()
        if trainer is not None:
            self._start_trainer(trainer, optimizer)
        elif not self.tape.is_on:
            self._made(optimizer)  # it was made in a way that was not seen: from its next step on
        elif closure is not None and (self._stepped or not self._backwards):
            self.tape.pause()
            self._in_step = optimizer  # its loss is computed within the step
        elif not self._backwards and is_idle(optimizer):
            self._without_gradient(optimizer)
        else:
            self.tape.pause()
            self._start(optimizer)

    def _without_gradient(self, optimizer: Any) -> None:
        """A step before anything was differentiated."""
        losses = [] if self._count else self._idle.step(optimizer)
        if not losses:
            return
        loss = losses[-1]
        self._last, self._reached = loss, parameters(loss)
        self._backwards = [self.tape.until(loss)]
        self.tape.pause()
        self._start(optimizer)
        follower = self._followers.get(id(optimizer))
        if follower is not None:
            follower.unmoved = Zeroing.NO_BACKWARD
            for value in losses[:-1]:
                self.losses.feed(follower.training, value, 1)
            follower.training.saw(faults.never_differentiated(len(losses)))
            self._waiting.add(optimizer)  # the tape stays on: there the losses are found

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self.trainings.is_quiet:
            return
        last, self._last = self._last, None
        self._scaled = None
        if self.tape.is_on:
            self._guarded(self._tidy)
        follower = self._followers.get(id(optimizer))
        if follower is not None:
            self._guarded(self._follow, follower)
        training = self._open.get(id(optimizer))
        if self._trainers and (trainer := self._trainer()) is not None:
            training = trainer.training
        if training is None or last is None:
            return
        try:
            self.losses.feed(training, last, 1 if follower is None else follower.shared)
        except Exception as error:
            self.trainings.says(f"a loss could not be read: {first_line(error)}")

    # -- what they do ---------------------------------------------------------------------------

    def _start(self, optimizer: Any) -> None:
        """Says that the training of this optimizer starts, with what was seen of it."""
        self._waiting.discard(optimizer)
        for follower in self._active:
            self._tell(follower)  # whether one before was a range test
        others = list(self._waiting)
        key, step = id(optimizer), Step({})

        def find(optimizer: Any) -> dict[str, Any]:
            nonlocal step
            backwards = self._backwards
            if backwards and not any(c.is_module for b in backwards for c in b.calls):
                whole, optimizer = with_optimizer(backwards[-1], optimizer)
                backwards = [whole]
            step = arguments(optimizer, backwards, others, followed(self._followers.values()))
            return step.arguments

        anew = self._anew.begins(optimizer, self.trainings.here(), self._backwards, self._reached)
        training = self.started("torch", find, optimizer, anew=anew)
        self._open[key] = training
        weakref.finalize(optimizer, self._forget, key).atexit = False
        if training is None:
            return
        follower = Follower(optimizer, step.model, step.epoch, step.routine, step.shared)
        self._opened(key, follower, training)
        if step.nothing is not None:
            training.watch.nothing = step.nothing
        if step.meaningless:
            training.says_nothing(step.meaningless)
        if step.one_batch:
            training.cannot_be_proven(ONE_BATCH)
        if step.cut_off:
            training.saw(faults.cut_off(step.cut_off, len(follower.held)))
        missing = self._missing(follower, step.modules)
        if self._cut:
            follower.unmoved = Zeroing.CUT_OFF
            training.saw(faults.made_anew(len(follower.held)))
        if missing:
            training.saw(faults.not_registered(missing, len(follower.held)))
        training.ends()  # a loop encloses no other training; its losses still come

    def _opened(self, key: int, follower: Follower, training: Any) -> None:
        follower.training = training
        self._followers[key] = follower
        if self._scaled is not None:
            scaled, loss = self._scaled
            follower.scale = float(scaled.detach() / loss.detach()) if loss.item() else 1.0

    def _again(self, optimizer: Any) -> None:
        """An optimizer goes on, with other parameters to train."""
        self._forget(id(optimizer))
        self._anew.goes_on(optimizer)
        self._made(optimizer)

    def _forget(self, key: int) -> None:
        """An optimizer is gone, or begins anew: what was seen of it is told."""
        self._open.pop(key, None)
        follower = self._followers.pop(key, None)
        if follower is not None:
            self._guarded(self._tell, follower)
            self._active = [f for f in self._active if f is not follower]

    def _missing(self, follower: Follower, modules: tuple[Any, ...]) -> int:
        """Parameters that the loss depends on, that no module lists and no optimizer holds."""
        listed = {id(p) for module in modules for p in module.parameters()}
        if not listed & follower.held:
            return 0
        return sum(id(p) not in listed | self.belong() for p in self._reached)

    def belong(self) -> set[int]:
        """Ids of all parameters that some optimizer holds."""
        return held_by(self._waiting).union(
            *(follower.held for follower in self._followers.values())
        )

    def _follow(self, follower: Follower) -> None:
        """After a step."""
        clippings, self._clippings = tuple(self._clippings), []
        follower.after_step(clippings)
        if follower not in self._active:
            self._active = [*self._active, follower][-ACTIVE:]
        if follower.steps <= FIRST:
            follower.turns.append(self._count)
            follower.reaches |= {id(p) for p in self._reached}
            for other in self._active:
                if other is not follower and in_turn(other, follower):
                    for one in (other, follower):
                        one.training.says_nothing(TURNS)
            if follower.steps == FIRST and follower.unmoved is None:
                found = faults.without_gradient(follower, self._reached, self.belong())
                if found is not None:
                    follower.training.saw(found)
            self._reached = []
        if follower.steps >= 8 and follower.steps & (follower.steps - 1) == 0:
            self._tell(follower)

    def _tell(self, follower: Follower) -> None:
        """Hands on what has been seen of a training so far."""
        training = follower.training
        training.routine(follower.routine())
        for found in faults.sightings(follower):
            training.saw(found)
        if follower.is_sweep:
            training.says_nothing(SWEEPS)
        elif training.watch.void == SWEEPS:
            training.says_nothing("")

    def _start_trainer(self, trainer: "_Trainer", optimizer: Any) -> None:
        if self._waiting:
            self._waiting.discard(optimizer)
        if trainer.start is None:
            return
        start, trainer.start = trainer.start, None
        given: dict[str, Any] = {}

        def find(optimizer: Any) -> dict[str, Any]:
            given.update(start(optimizer))
            return given

        trainer.training = self.started(trainer.framework, find, optimizer)
        if trainer.training is not None:
            known, epoch = ({}, 0.0) if trainer.settings is None else trainer.settings()
            model = given.get("model")
            follower = Follower(optimizer, model, epoch, known, accumulates=True)
            self._opened(id(optimizer), follower, trainer.training)
            weakref.finalize(optimizer, self._forget, id(optimizer)).atexit = False

    @counted()
    def started(
        self,
        framework: str,
        find: Callable[[Any], dict[str, Any]],
        optimizer: Any,
        at_start: Callable[[], contextlib.AbstractContextManager[None]] = contextlib.nullcontext,
        anew: bool = False,
    ) -> Any:
        found: dict[str, Any] = {}  # nothing to be diagnosed
        try:
            if anew or not self.trainings.was_here():  # what is known need not be found again
                with self.trainings.quiet(), untouched():
                    found = find(optimizer)
        except Exception as error:  # `Unseen`, or of a user's own code
            self.trainings.says(f"a {framework} training is only watched: {first_line(error)}")
        with at_start():
            training = self.trainings.starts(framework, found, anew=anew)
        return training

    def _tidy(self) -> None:
        """After a step, while the tape is on: it goes off when nobody waits any more."""
        self._stepped = True
        self._steps += 1
        self.tape.pause()
        if not self._waiting or self._steps > PATIENCE:
            self._waiting.clear()
            self._backwards, self._steps = [], 0
            self.rest()

    def rest(self) -> None:
        """The tape goes off when nobody waits any more."""
        if not self._waiting and not self._updates.waits:
            self._backwards = []
            self.tape.switch_off()

    def finish(self) -> None:
        """The script has ended: all that was seen and not told yet is."""
        self.losses.read()
        for follower in list(self._followers.values()):
            self._guarded(self._tell, follower)
