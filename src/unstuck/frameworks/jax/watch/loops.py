"""JAX loops: found at their first step, then only their losses are read.

A loss is followed where the script differentiates it. Where that is jitted, the script's own step
is done again without `jit`, once, so that all its values are at hand; from then on the loss is read
among what the step returns.
"""

import contextlib
import io
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np

from unstuck.frameworks.jax.watch.closure import Call
from unstuck.frameworks.jax.watch.standstill import Standstill, independent
from unstuck.frameworks.jax.watch.updates import Update, by_hand
from unstuck.setups.routine import PLAIN
from unstuck.setups.unlogged import unlogged
from unstuck.watching.unseen import Independent, Unseen

READ = 64  # losses that are read together, since reading waits for them
FIRST, STRIDE = 64, 8  # steps whose loss is computed where none returns it, then one in so many
TURNS = "optimizers take turns on each other's networks, as in adversarial training"
SELDOM = "its step does not return the loss, nor can it be computed beside it"


@dataclass(eq=False)
class Gradient:
    """A loss that was differentiated.

    Args:
        call: of it, with its values.
        loss: its value.
        value: the gradient.
    """

    call: Call
    loss: Any
    value: Any


@dataclass(eq=False)
class Trace:
    """What a jitted function of the script's does, seen while it is traced.

    Attributes:
        losses: tracers of losses that were differentiated within.
        differentiates, updates: whether there are such steps.
        optimizer: that updates, if it can be told.
        place: of the loss among the leaves of what it returns; None if it is not there.
    """

    losses: list[Any] = field(default_factory=list)
    differentiates: bool = False
    updates: bool = False
    optimizer: Any = None
    place: int | None = None

    def returned(self, result: Any) -> None:
        """What it returns."""
        leaves = jax.tree.leaves(result)
        found = (i for i, leaf in enumerate(leaves) if any(leaf is loss for loss in self.losses))
        self.place = next(found, None)
        if self.place is not None:
            self.losses.append(leaves[self.place])


@dataclass(eq=False)
class Step:
    """A loop that is followed.

    Args:
        place: of the loss among the leaves of what a step returns; None if it is not there.
        training: None until it has begun.
        pending: the gradient whose update has yet to be seen.
        computed: the loss for a step's arguments, where none returns it.
        devices: that share a batch out, each with a loss of its own; 0 where none do.
        standstill: whether its parameters change; None where that is not followed.
    """

    place: int | None = None
    training: Any = None
    pending: Gradient | None = None
    computed: Callable[..., Any] | None = None
    devices: int = 0
    standstill: Standstill | None = None
    calls: int = 0
    steps: int = 0
    unread: list[Any] = field(default_factory=list)

    @property
    def wants_arguments(self) -> bool:
        """Whether the next call's arguments are to be kept."""
        following = self.standstill is not None and self.standstill.is_open
        return following or self.pending is not None or (self.computed is not None and self.is_due)

    @property
    def is_due(self) -> bool:
        """Whether the next step's loss is computed."""
        return self.calls < FIRST or self.calls % STRIDE == 0


class _Enough(BaseException):
    """Ends a step that is done again: all was seen."""


class Loops:
    """The JAX loops of a run."""

    def __init__(self, trainings: Any) -> None:
        self.trainings = trainings
        self._thread = threading.local()
        self._eagers: dict[Any, Step] = {}  # a loss's code -> the loop that differentiates it
        self._followed: list[Step] = []
        self._pending: Step | None = None
        self._last: Step | None = None
        self._changes: dict[int, int] = {}
        trainings.endings.append(self._end)

    # -- what the hooks call -------------------------------------------------------------------

    def guarded(self, act: Callable[..., None], *args: Any) -> None:
        """An error of ours is told, and does not reach the script."""
        try:
            with unlogged():
                act(*args)
        except Exception as error:
            said = f"{type(error).__name__}: {error}".splitlines()[0]
            self.trainings.says(f"a JAX training could not be followed: {said}")

    @property
    def is_blind(self) -> bool:
        """Whether a jitted call is not the script's own, concrete one."""
        return bool(self._traces) or self._again is not None or self.trainings.is_quiet

    def tracing(self) -> Trace:
        """A jitted function of the script's is being traced from now on."""
        self._traces.append(trace := Trace())
        return trace

    def traced(self, trace: Trace) -> None:
        """It was traced."""
        self._traces.remove(trace)
        self._thread.last = trace
        for outer in self._traces:
            outer.differentiates |= trace.differentiates
            outer.updates |= trace.updates
            outer.optimizer = outer.optimizer or trace.optimizer
            outer.losses += trace.losses

    def gradient(self, call: Callable[[], Call], loss: Any, value: Any) -> None:
        """The script has differentiated a loss.

        Args:
            call: gives the call of it.
            loss, value: the loss and its gradient.
        """
        if self.trainings.is_quiet:
            return
        if self._again is not None:
            self._again.append(Gradient(call(), loss, value))
            if len(self._again) > 1:  # steps within steps: the next one's parameters are known
                raise _Enough
        elif self._traces:
            for trace in self._traces:
                trace.differentiates = True
            self._traces[-1].losses.append(loss)
        elif not _is_traced((loss, value)):
            seen = Gradient(call(), loss, value)
            key = getattr(seen.call.of, "__code__", seen.call.of)
            if key not in self._eagers:
                self._eagers[key] = self._new(0)
            self._eager(self._eagers[key], seen)

    def updates(self, optimizer: Any, gradients: Any, *args: Any, **kwargs: Any) -> Any:
        """optax's `update`, called by the script or by what wraps it."""
        inner, self._thread.inner = getattr(self._thread, "inner", False), True
        try:
            if not inner and not self.trainings.is_quiet:
                self.updating(optimizer)
            return optimizer[1](gradients, *args, **kwargs)
        finally:
            self._thread.inner = inner

    def called(self, jitted: Any, kept: tuple[Any, Any], result: Any) -> None:
        """A jitted function of the script's was called with values."""
        if not jitted._self_known:
            trace, self._thread.last = getattr(self._thread, "last", None), None
            jitted._self_known = True
            if trace is None or not trace.differentiates:
                return
            self._first(jitted, trace, kept, result)
        elif (step := jitted._self_step) is not None:
            if step.pending is not None:
                seen = self._done_again(jitted, kept)[0]
                if seen:
                    self._eager(step, seen[-1], fed=False)
            self._feed(step, jitted, kept, result)

    # -- what they do ----------------------------------------------------------------------------

    def _first(self, jitted: Any, trace: Trace, kept: tuple[Any, Any], result: Any) -> None:
        seen, optimizer, returned = self._done_again(jitted, kept)
        if not seen:
            return
        first, optimizer = seen[0], optimizer or trace.optimizer
        place = trace.place if trace.place is not None else _in_a_row(first.loss, result)
        step = jitted._self_step = self._new(place)
        step.devices = jitted._self_share(*kept)[2]
        if place is None:
            step.computed = self._computing(jitted, kept)
        if trace.updates:
            step.standstill = Standstill(first.call.params, first.value, kept)
        if optimizer is not None:
            self._start(step, first.call, Update(optimizer))
        elif trace.updates:
            self._start(step, first.call, None)
        else:
            after = seen[1].call.params if len(seen) > 1 else returned
            rule = by_hand(first.call.params, first.value, after)
            if rule is not None:
                self._start(step, first.call, rule)
            else:
                step.pending, self._pending = first, step
        self._feed(step, jitted, kept, result)

    def _done_again(self, jitted: Any, kept: tuple[Any, Any]) -> tuple[list[Gradient], Any, Any]:
        """The gradients of the script's own step, its optimizer if it has one, what it returns.

        What devices tell each other has no values here, so that it may end after its gradient.
        """
        args, kwargs, devices = jitted._self_share(*kept)
        self._thread.again, self._thread.optimizer = [], None
        returned = None
        try:
            with _silent(), jax.disable_jit(), contextlib.suppress(_Enough):
                returned = jitted._self_function(*args, **kwargs)
        except NameError:  # the name of an axis of devices
            if not devices:
                raise
        finally:
            seen, self._thread.again = self._thread.again, None
        with_values = [g for g in seen if not _is_traced((g.loss, g.value))]  # not so under vmap
        return with_values, self._thread.optimizer, returned

    def updating(self, optimizer: Any) -> None:
        """An optimizer steps, of optax or None for one that cannot be told."""
        if self._again is not None:
            self._thread.optimizer = optimizer
            raise _Enough
        for trace in self._traces:
            trace.updates, trace.optimizer = True, optimizer
        step, self._pending = self._pending, None
        if step is not None and step.pending is not None:
            gradient, step.pending = step.pending, None
            self.guarded(self._start, step, gradient.call, Update(optimizer))

    def _eager(self, step: Step, gradient: Gradient, fed: bool = True) -> None:
        """A loss was differentiated with values: its loop is followed from its next update on."""
        if step.training is None and step.pending is not None:
            before, step.pending = step.pending, None
            rule = by_hand(before.call.params, before.value, gradient.call.params)
            self._pending = None
            if rule is not None:
                self._start(step, before.call, rule)
        if step.training is None:
            step.pending, self._pending = gradient, step
        if fed:
            self._takes(step, gradient.loss)

    def _start(self, step: Step, call: Call, update: Update | None) -> None:
        place, given, why, names, cut = self.trainings.here(), {}, "", {}, False
        try:
            if update is None or (update.optimizer is None and not update.rate):
                raise Unseen("how its parameters are updated was not seen")
            from unstuck.frameworks.jax.watch.arguments import found  # once optax is there

            seen = found(call, update, step.devices)
            given, why, names = seen.arguments, seen.unproven, seen.names
        except Unseen as reason:
            cut = isinstance(reason, Independent)
            self.trainings.says(f"{_at(place)} is only watched: {reason}")
        step.training = self.trainings.starts("jax", given, place, names)
        if step.training is None:
            return
        if cut:
            step.training.saw(independent(len(jax.tree.leaves(call.params))))
        if why:
            step.training.cannot_be_proven(why)
        elif step.place is None and step.computed is None:
            step.training.cannot_be_proven(SELDOM)
        step.training.ends()  # a loop encloses no other training; its losses still come

    def _feed(self, step: Step, jitted: Any, kept: tuple[Any, Any], result: Any) -> None:
        if step.calls and step.standstill is not None and step.training is not None:
            fault = step.standstill.sees(kept)
            if fault is not None:
                step.training.saw(fault)
        if step.place is not None:
            self._takes(step, jax.tree.leaves(result)[step.place])
        elif step.computed is not None and step.is_due:
            args, kwargs = kept
            loss = step.computed(*args, **kwargs)
            # until the next one it stands for those between them as well
            self._takes(step, loss, 1 if step.calls < FIRST else STRIDE)
        elif step.computed is None:
            step.steps += 1
        step.calls += 1

    def _computing(self, jitted: Any, kept: tuple[Any, Any]) -> Callable[..., Any] | None:
        """The loss for a step's arguments; None where it lies within a loop of JAX's own."""

        def loss(*args: Any, **kwargs: Any) -> Any:
            self._thread.again = []
            try:
                with contextlib.suppress(_Enough):
                    jitted._self_function(*args, **kwargs)
            finally:
                seen, self._thread.again = self._thread.again, None
            return seen[0].loss

        args, kwargs = kept
        computed: Callable[..., Any] = jitted._self_jit(loss)
        try:
            with _silent():
                computed(*args, **kwargs)
        except Exception:  # its values are those of one turn of a scan
            return None
        return computed

    def _takes(self, step: Step, loss: Any, times: int = 1) -> None:
        step.steps += times * np.size(loss) // max(1, step.devices)
        step.unread += [loss] * times
        self._takes_turn(step)
        if len(step.unread) >= READ or step.steps <= 2:
            self._read(step)

    def _takes_turn(self, step: Step) -> None:
        """Whether two loops alternate, step by step."""
        if self._last is not None and self._last is not step:
            for one in (step, self._last):
                self._changes[id(one)] = self._changes.get(id(one), 0) + 1
                if self._changes[id(one)] == 2 * READ and one.training is not None:
                    one.training.says_nothing(TURNS)
        self._last = step

    def _read(self, step: Step) -> None:
        if step.training is None:
            return
        losses, step.unread = step.unread, []
        for loss in losses:
            values = np.asarray(loss, np.float64)
            for value in np.ravel(values.mean(axis=0) if step.devices > 1 else values):
                step.training.watch.loss(float(value))
        step.training.routine(replace(PLAIN, steps=step.steps))

    def _end(self) -> None:
        for step in self._followed:
            self.guarded(self._read, step)

    def _new(self, place: int | None) -> Step:
        self._followed.append(step := Step(place))
        return step

    @property
    def _traces(self) -> list[Trace]:
        if not hasattr(self._thread, "traces"):
            self._thread.traces = []
        traces: list[Trace] = self._thread.traces
        return traces

    @property
    def _again(self) -> list[Gradient] | None:
        return getattr(self._thread, "again", None)


def _silent() -> contextlib.AbstractContextManager[Any]:
    """What the script's step prints is not printed again."""
    return contextlib.redirect_stdout(io.StringIO())


def _is_traced(values: Any) -> bool:
    return any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves(values))


def _at(place: Any) -> str:
    return "a training" if place is None else f"training at {place}"


def _in_a_row(loss: Any, result: Any) -> int | None:
    """The place, among the leaves of a result, of the losses of many steps, of which one is the
    first."""
    for place, leaf in enumerate(jax.tree.leaves(result)):
        row = np.shape(leaf)
        if len(row) == 1 and row[0] > 1 and np.isclose(leaf[0], loss, rtol=1e-4, atol=0):
            return place
    return None
