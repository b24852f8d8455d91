"""Trains copies of JAX set-ups: bare ones and the engine's networks.

Up to 50 steps are one call of one compiled program. Set-ups that differ in data, seed, learning
rate or number of steps alone share it.
"""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

from unstuck.changes.change import Combination, Part, in_words, of_setup, value, without
from unstuck.changes.data import Data
from unstuck.errors import UsageError
from unstuck.frameworks.jax.changes import Loop, loop_of, of_rest
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.setups.order import batches
from unstuck.setups.routine import Routine
from unstuck.setups.subject import Floats
from unstuck.setups.trainer import Refused, Run, curve, fitted_rows, last_of

CHUNK = 50  # steps between looks at the clock and the loss
LAST = 32  # steps whose mean loss is a run's
LOOKED, LOOKS = 256, 8  # held-out examples, and at most how many times, on the way


class _Program(NamedTuple):
    optimizer: optax.GradientTransformation
    run: Callable[..., Any]
    predict: Callable[..., Array]


class JaxTrainer:
    """See `Trainer`. Clock and loss are looked at every 50 steps."""

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
        params = jax.tree.map(jnp.asarray, self._template.params(of_rest(changes), seed))
        state = program.optimizer.init(params)
        x, y = tuple(jnp.asarray(a) for a in data.x), jnp.asarray(data.y)
        order, rates = self._order(loop, changes, len(data.y), seed, steps)
        rows, m = fitted_rows(len(data.y)), len(data.y_held)
        both = tuple(
            jnp.asarray(np.concatenate([held, a[rows]]))
            for held, a in zip(data.x_held, data.x, strict=True)
        )
        every = CHUNK * -(-steps // (CHUNK * LOOKS))
        losses: list[float] = []
        ticks: list[float] = []
        path: list[tuple[int, Floats]] = []
        for begin in range(0, steps, CHUNK):
            began, count = time.perf_counter(), min(CHUNK, steps - begin)
            part = slice(begin, begin + CHUNK)
            params, state, seen = program.run(params, state, x, y, order[part], rates[part], count)
            values = np.asarray(seen, np.float64)[:count]
            sound = np.isfinite(values)
            losses += values[: count if sound.all() else int(sound.argmin()) + 1].tolist()
            now = time.perf_counter()
            ticks.append((now - began) / count)
            if not sound.all() or now - start > seconds:
                break
            if (begin + count) % every == 0 and begin + count < steps:
                output = np.asarray(program.predict(params, both), np.float64)
                path.append((begin + count, output[: min(m, LOOKED)]))
        output = np.asarray(program.predict(params, both), np.float64)
        model, arguments = self._template.model_of(of_setup(changes), jax.device_get(params))
        return Run(
            output[:m],
            output[m:],
            last_of(losses, LAST),
            curve(losses),
            len(losses),
            time.perf_counter() - start,
            float(np.mean(ticks[1:] or ticks)),
            model,
            {**arguments, "batch_size": loop.batch_size, "shuffle": loop.shuffled},
            tuple(path),
        )

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """See `Trainer`."""
        return self._template.loss(output, y)

    def _order(
        self, loop: Loop, changes: Combination, n: int, seed: int, steps: int
    ) -> tuple[Array, Array]:
        """(steps, batch) rows and (steps,) factors on the rate, filled up to whole chunks."""
        stream = value(changes, Part.ORDER, 0)
        assert isinstance(stream, int)
        order = batches(n, loop.batch_size, steps, loop.shuffled, seed, stream)
        rates = np.array([loop.rate * loop.routine.rate(i) for i in range(steps)], np.float32)
        more = -steps % CHUNK
        return (
            jnp.asarray(np.pad(order, ((0, more), (0, 0)))),
            jnp.asarray(np.pad(rates, (0, more))),
        )

    def _program(self, changes: Combination, loop: Loop) -> _Program:
        routine = Routine(clip_norm=loop.routine.clip_norm, clip_value=loop.routine.clip_value)
        key = without(changes, Part.ORDER, Part.STEPS), routine
        if key in self._programs:
            return self._programs[key]
        forward, optimizer, predict = self._template.parts(changes)
        if routine.clip_value is not None:
            optimizer = optax.chain(optax.clip(routine.clip_value), optimizer)
        if routine.clip_norm is not None:
            optimizer = optax.chain(optax.clip_by_global_norm(routine.clip_norm), optimizer)

        def loss(params: Any, x: Any, y: Any) -> Any:
            return forward(params, x, y, 0.0)[0]

        def run(params: Any, state: Any, x: Any, y: Any, order: Any, rates: Any, count: Any) -> Any:
            def step(i: Any, carry: Any) -> Any:
                params, state, losses = carry
                rows = order[i]
                batch = tuple(a[rows] for a in x)
                value, gradient = jax.value_and_grad(loss)(params, batch, y[rows])
                update, state = optimizer.update(gradient, state, params)
                moved = jax.tree.map(
                    lambda p, u: p + (rates[i] * u).astype(p.dtype), params, update
                )
                return moved, state, losses.at[i].set(value.astype(losses.dtype))

            return jax.lax.fori_loop(0, count, step, (params, state, jnp.zeros(CHUNK)))

        made = _Program(optimizer, jax.jit(run), jax.jit(predict))
        self._programs[key] = made
        return made
