"""Trains copies of JAX set-ups: bare ones and the engine's networks.

Set-ups that differ in data, seed, learning rate or number of steps alone share a program.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, in_words, of_setup, value, without
from unstuck.changes.data import Data
from unstuck.engine.loop import Around, TrainingLoop
from unstuck.errors import UsageError
from unstuck.frameworks.jax.changes import Loop, loop_of, of_rest
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.setups.order import batches, factors, looks
from unstuck.setups.routine import Routine
from unstuck.setups.subject import Floats
from unstuck.setups.trainer import Refused, Run, curve, fitted_rows, last_of

LAST = 32  # steps whose mean loss is a run's
LOOKED, LOOKS = 256, 8  # held-out examples, and how many times less one, on the way


class _Program(NamedTuple):
    loop: TrainingLoop
    predict: Callable[..., Array]


class JaxTrainer:
    """See `Trainer`."""

    def __init__(self, subject: JaxSubject) -> None:
        assert subject.template is not None
        self._subject, self._template = subject, subject.template
        self._programs: dict[tuple[Combination, Routine], _Program] = {}
        self.notes = self._template.notes

    def refuses(self, changes: Combination) -> str:
        """See `Trainer`."""
        if self._subject.update is None and value(changes, Part.OPTIMIZER) is None:
            return "there is no optimizer"
        try:
            loop_of(self._subject.about, changes)
        except Refused as reason:
            return str(reason)
        return self._template.refuses(of_rest(changes))

    def foresee(self, steps: int) -> None:
        """See the protocol; there is nothing to make ready."""

    def train(
        self,
        data: Data,
        changes: Combination,
        seed: int,
        steps: int,
        seconds: float = float("inf"),
    ) -> Run:
        """See `Trainer`."""
        start = time.perf_counter()
        if why := self.refuses(changes):
            raise UsageError(f"{in_words(changes)} cannot be tried: {why}")
        loop = loop_of(self._subject.about, changes)
        program = self._program(of_rest(changes), loop)
        rows, m = fitted_rows(len(data.y)), len(data.y_held)
        both = tuple(
            jnp.asarray(np.concatenate([held, a[rows]]))
            for held, a in zip(data.x_held, data.x, strict=True)
        )
        path: list[tuple[int, Floats]] = []

        def look(step: int, params: Any, state: Any) -> None:
            output = np.asarray(program.predict(params, both), np.float64)
            path.append((step, output[: min(m, LOOKED)]))

        stream = value(changes, Part.ORDER, 0)
        assert isinstance(stream, int)
        order = batches(len(data.y), loop.batch_size, steps, loop.shuffled, seed, stream)
        done = program.loop.train(
            self._template.params(of_rest(changes), seed),
            (),
            (),
            (*data.x, data.y),
            order[:, None, :],
            factors(loop.routine, steps, loop.rate),
            seed=seed,
            until=start + seconds,
            looks=looks(steps, LOOKS),
            look=look,
        )
        output = np.asarray(program.predict(done.params, both), np.float64)
        model, arguments = self._template.model_of(of_setup(changes), jax.device_get(done.params))
        return Run(
            output[:m],
            output[m:],
            last_of(done.losses, LAST),
            curve(done.losses),
            len(done.losses),
            time.perf_counter() - start,
            done.step_seconds,
            model,
            {**arguments, "batch_size": loop.batch_size, "shuffle": loop.shuffled},
            tuple(path),
        )

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        return self._template.loss(output, y)

    def _program(self, changes: Combination, loop: Loop) -> _Program:
        routine = Routine(clip_norm=loop.routine.clip_norm, clip_value=loop.routine.clip_value)
        key = without(changes, Part.ORDER, Part.STEPS), routine
        if key in self._programs:
            return self._programs[key]
        forward, optimizer, predict, training = self._template.parts(changes)

        def loss(params: Any, x: Any, y: Any, key: Any) -> Any:
            return (
                forward(params, x, y, 0.0)[0] if training is None else training(params, x, y, key)
            )

        def gradient(params: Any, state: Any, batch: Any, key: Any) -> Any:
            *x, y = batch
            return *jax.value_and_grad(loss)(params, tuple(x), y, key), state

        around = Around(routine.clip_norm, routine.clip_value)
        made = _Program(TrainingLoop(gradient, lambda _: optimizer, around), jax.jit(predict))
        self._programs[key] = made
        return made
