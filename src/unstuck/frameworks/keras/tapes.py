"""Sees Keras models that are trained with TensorFlow's `GradientTape`.

Until a loop's first step the script's calls of models and losses are kept; from then on its losses
are read alone. Where the step is a `tf.function`, it is done again outside of it, once and up to
its gradient, so that all its values are at hand.
"""

import contextlib
import io
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from unstuck.frameworks.keras.steps import Call, Step, arguments, mean, written_out
from unstuck.setups.routine import PLAIN
from unstuck.watching import descent, rows
from unstuck.watching.methods import surround
from unstuck.watching.place import Place, is_users
from unstuck.watching.trainings import Training, Trainings
from unstuck.watching.unseen import Unseen

FRAMEWORK = "tape"
ONE_BATCH = "one batch of the data was seen"
UNSEEN = "its step does not return the loss"

_LOOPS: WeakKeyDictionary[Any, "Loops"] = WeakKeyDictionary()


def install(trainings: Trainings) -> None:
    """Puts the hooks into TensorFlow."""
    import tensorflow as tf

    loops = _loops_of(trainings)
    surround(tf.GradientTape, "gradient", loops.around_gradient)
    surround(type(tf.function(lambda: 0)), "__call__", loops.around_function)


def see_keras(trainings: Trainings) -> None:
    """Puts those into Keras that say which model and loss a tape is for."""
    import keras

    loops = _loops_of(trainings)
    surround(keras.Layer, "__call__", loops.around_layer)
    surround(keras.losses.Loss, "__call__", loops.around_loss)
    surround(keras.optimizers.Optimizer, "apply", loops.around_apply)


def _loops_of(trainings: Trainings) -> "Loops":
    if trainings not in _LOOPS:
        _LOOPS[trainings] = Loops(trainings)
    return _LOOPS[trainings]


class _Enough(BaseException):
    """Ends a step that is done again: all was seen."""


@dataclass(eq=False)
class Loop:
    """A loop that is followed.

    Args:
        training: of it; None if it is part of another.
        first: the loss of its first step.
        place: of the loss among what a `tf.function` returns; -1 if it is not there.
    """

    training: Training | None
    first: float
    place: int | None = None
    steps: int = 0

    def takes(self, loss: Any) -> None:
        """The loss of one more step."""
        self.steps += 1
        if self.training is not None:
            self.training.watch.loss(float(loss))
            if self.steps & (self.steps - 1) == 0:
                self.training.routine(replace(PLAIN, steps=self.steps))


class _Values:
    """Values of Keras variables, kept."""

    def __init__(self, variables: list[Any]) -> None:
        self._kept = [(v, np.array(v)) for v in variables]

    @property
    def before(self) -> list[NDArray[Any]]:
        """As they were."""
        return [value for _, value in self._kept]

    @property
    def now(self) -> list[NDArray[Any]]:
        """As they are."""
        return [np.array(variable) for variable, _ in self._kept]

    def assign(self) -> None:
        """The variables are as they were."""
        for variable, value in self._kept:
            variable.assign(value)

    @contextlib.contextmanager
    def put(self) -> Iterator[None]:
        """The variables are as they were, and afterwards as they are now."""
        now = _Values([v for v, _ in self._kept])
        self.assign()
        try:
            yield
        finally:
            now.assign()


@dataclass(eq=False)
class Written:
    """A step that may be written out.

    Args:
        values: of the variables, before it.
        slopes: their gradients.
    """

    step: Step
    values: _Values
    slopes: list[NDArray[Any]]

    @property
    def rate(self) -> float | None:
        """See `descent.rate`."""
        return descent.rate(self.values.before, self.slopes, self.values.now)


class Loops:
    """The tapes of a run."""

    def __init__(self, trainings: Trainings) -> None:
        self._trainings = trainings
        self._thread = threading.local()
        self._loops: dict[Place | None, Loop] = {}
        self._written: dict[Place | None, Written | None] = {}  # None: seen not to be one
        self._functions: WeakKeyDictionary[Any, Loop | None] = WeakKeyDictionary()
        trainings.endings.append(self._end)

    # -- hooks -------------------------------------------------------------------------------------

    def around_layer(self, original: Any, layer: Any, args: Any, kwargs: Any) -> Any:
        """`Layer.__call__`."""
        output = original(layer, *args, **kwargs)
        if not self._trainings.is_quiet and _is_by_user():
            self._step.models.append(Call(layer, args, kwargs, output))
        return output

    def around_loss(self, original: Any, loss: Any, args: Any, kwargs: Any) -> Any:
        """`Loss.__call__`."""
        output = original(loss, *args, **kwargs)
        if not self._trainings.is_quiet and _is_by_user():
            self._step.losses.append(Call(loss, args, kwargs, output))
        return output

    def around_gradient(self, original: Any, tape: Any, args: Any, kwargs: Any) -> Any:
        """`GradientTape.gradient`."""
        if not self._trainings.is_quiet and _is_by_user():
            target = args[0] if args else kwargs["target"]
            if self._again:
                self._step.target = target
                if not self._step.losses:
                    with contextlib.suppress(Unseen):  # told where there are no others in reach
                        self._step.written = written_out(self._step)
                raise _Enough
            with self._trainings.guard("follow a GradientTape"):
                self._gradient(target)
            result = original(tape, *args, **kwargs)
            with self._trainings.guard("follow a GradientTape"):
                self._differentiated(args[1] if len(args) > 1 else kwargs["sources"], result)
            return result
        return original(tape, *args, **kwargs)

    def around_apply(self, original: Any, optimizer: Any, args: Any, kwargs: Any) -> Any:
        """`Optimizer.apply`."""
        step, self._thread.pending = self._pending, None
        if step is None or self._trainings.is_quiet:
            return original(optimizer, *args, **kwargs)
        if not _is_symbolic(step.target):
            with self._trainings.guard("follow a GradientTape"):
                self._start(optimizer, step, self._thread.where).takes(mean(step.target))
            return original(optimizer, *args, **kwargs)
        result = original(optimizer, *args, **kwargs)
        with self._trainings.guard("follow a GradientTape"):
            self._traced(optimizer, step)
        return result

    def around_function(self, original: Any, function: Any, args: Any, kwargs: Any) -> Any:
        """`tf.function`'s call."""
        if self._trainings.is_quiet:
            return original(function, *args, **kwargs)
        self._stack.append((function, args, kwargs))
        try:
            result = original(function, *args, **kwargs)
        finally:
            self._stack.pop()
        with self._trainings.guard("follow a GradientTape"):
            begins, self._thread.begins = getattr(self._thread, "begins", None), None
            if begins is not None:
                self._functions[function] = begins(function, args, kwargs)
            loop = self._functions.get(function)
            if loop is not None:
                _feed(loop, result)
        return result

    # -- what they do ------------------------------------------------------------------------------

    def _gradient(self, target: Any) -> None:
        step, self._thread.step = self._step, Step()
        where = self._trainings.here()
        if where in self._loops:
            if not _is_symbolic(target):
                self._loops[where].takes(mean(target))
            return
        if self._is_by_hand(where, target):
            return
        step.target = target
        self._thread.pending, self._thread.where = step, where

    def _differentiated(self, sources: Any, slopes: Any) -> None:
        """What a step that no optimizer may take starts from is kept until the next one."""
        step = self._pending
        if step is None or _is_symbolic(step.target) or self._thread.where in self._written:
            return
        if self._trainings.is_within:
            return
        held, slopes = _flat(sources), _flat(slopes)
        if held and all(map(_is_variable, held)) and all(hasattr(g, "numpy") for g in slopes):
            kept = Written(step, _Values(held), [g.numpy() for g in slopes])
            self._written[self._thread.where] = kept

    def _is_by_hand(self, where: Place | None, target: Any) -> bool:
        """Whether variables went downhill since the gradient before at a line, and no optimizer
        was called."""
        before, self._written[where] = self._written.get(where), None
        if before is None or before.step is not self._pending or _is_symbolic(target):
            del self._written[where]
            return False
        rate = before.rate
        if rate is None:
            return False
        self._thread.pending = None
        with before.values.put():
            loop = self._start(rate, before.step, where)
        loop.takes(mean(before.step.target))
        loop.takes(mean(target))
        return True

    def _traced(self, optimizer: Any, step: Step) -> None:
        """A step was traced, and is yet to be carried out: what it starts from is kept."""
        import tensorflow as tf

        if not self._stack or not _is_of_user(self._stack[-1][0]):
            return  # a model's own train_step, which fit calls
        held = {
            id(v): v
            for c in (*step.models, Call(optimizer, (), {}, None))
            for v in c.what.variables
        }
        with tf.init_scope():
            before = _Values(list(held.values()))
        where = self._thread.where

        def begins(function: Any, args: Any, kwargs: Any) -> Loop:
            with before.put():
                seen = self._done_again(function, args, kwargs)
                before.assign()
                return self._start(optimizer, seen, where)

        self._thread.begins = begins

    def _start(self, optimizer: Any, step: Step, where: Place | None) -> Loop:
        given: dict[str, Any] = {}
        names: dict[str, str] = {}
        one_batch = False
        try:
            given, data = arguments(optimizer, step)
            one_batch = data.one_batch
            held = {role: rows.name_of(given[role]) for role in ("model", "optimizer", "loss")}
            held |= dict(zip(("x", "y"), data.names, strict=True)) if len(data.names) == 2 else {}
            names = {role: name for role, name in held.items() if name}
        except Unseen as reason:
            self._trainings.says(f"training at {where} is only watched: {reason}")
        training = self._trainings.starts(FRAMEWORK, given, where, names)
        loop = self._loops[where] = Loop(training, float(mean(step.target)))
        if training is not None:
            if step.fault is not None:
                training.saw(step.fault)
            if one_batch:
                training.cannot_be_proven(ONE_BATCH)
            training.ends()  # a loop encloses no other training; its losses still come
        return loop

    def _done_again(self, function: Any, args: Any, kwargs: Any) -> Step:
        """A step up to its gradient, with values."""
        self._thread.step, self._thread.again = Step(), True
        try:
            with contextlib.suppress(_Enough), contextlib.redirect_stdout(io.StringIO()):
                function.python_function(*args, **kwargs)
        finally:
            self._thread.again = False
            seen, self._thread.step = self._step, Step()
        if seen.target is None:
            raise Unseen("its step gives no gradient when it is done again")
        return seen

    def _end(self) -> None:
        for loop in self._loops.values():
            if loop.training is not None:
                loop.training.routine(replace(PLAIN, steps=loop.steps))

    @property
    def _step(self) -> Step:
        if not hasattr(self._thread, "step"):
            self._thread.step = Step()
        step: Step = self._thread.step
        if len(step.models) > KEPT:  # of a script that evaluates and trains nothing here
            del step.models[:-KEPT], step.losses[:-KEPT]
        return step

    @property
    def _again(self) -> bool:
        return getattr(self._thread, "again", False)

    @property
    def _pending(self) -> Step | None:
        return getattr(self._thread, "pending", None)

    @property
    def _stack(self) -> list[tuple[Any, Any, Any]]:
        if not hasattr(self._thread, "stack"):
            self._thread.stack = []
        stack: list[tuple[Any, Any, Any]] = self._thread.stack
        return stack


AUTOGRAPH = "autograph/impl/api.py"
KEPT = 64  # calls since the last gradient


def _is_by_user() -> bool:
    """Whether the surrounded method was called by the script, or by what AutoGraph made of it."""
    file = sys._getframe(3).f_code.co_filename
    return is_users(file) or file.endswith(AUTOGRAPH)


def _is_of_user(function: Any) -> bool:
    """Whether a `tf.function` is made of the script's."""
    code = getattr(function.python_function, "__code__", None)
    return code is not None and is_users(code.co_filename)


def _is_symbolic(tensor: Any) -> bool:
    return not hasattr(tensor, "numpy")


def _is_variable(value: Any) -> bool:
    return hasattr(value, "assign")


def _flat(values: Any) -> list[Any]:
    return list(values) if isinstance(values, list | tuple) else [values]


def _feed(loop: Loop, result: Any) -> None:
    """The loss among what a step's `tf.function` returned."""
    import keras

    leaves = [a for a in keras.tree.flatten(result) if hasattr(a, "numpy")]
    if loop.place is None:
        numbers = [i for i, a in enumerate(leaves) if a.shape.rank == 0]
        alike = [i for i in numbers if np.isclose(float(leaves[i]), loop.first, rtol=1e-4)]
        loop.place = next(iter(alike), numbers[0] if len(numbers) == 1 else -1)
        if loop.place == -1 and loop.training is not None:
            loop.training.cannot_be_proven(UNSEEN)
    if loop.place != -1:
        loop.takes(leaves[loop.place])
