"""Trains copies of JAX set-ups: bare ones and the engine's networks.

A chunk of steps is one compiled program. Set-ups that differ in data, seed or learning rate alone
share it.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from unstuck.changes.data import Data
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.setups.order import batches
from unstuck.setups.settings import Settings
from unstuck.setups.trainer import Run

CHUNK = 50  # steps between looks at the clock and the loss


class JaxTrainer:
    """See `Trainer`. Steps are taken in chunks of 50."""

    def __init__(self, subject: JaxSubject) -> None:
        assert subject.recipe is not None
        self._subject, self._recipe = subject, subject.recipe
        self._programs: dict[Settings, tuple[Any, Callable[..., Any], Callable[..., Any]]] = {}
        self.notes = self._recipe.notes

    def refuses(self, settings: Settings) -> str:
        """See `Trainer`."""
        if self._subject.update is None:
            return "there is no optimizer"
        return self._recipe.refuses(settings)

    def train(
        self, data: Data, settings: Settings, seed: int, steps: int, seconds: float = float("inf")
    ) -> Run:
        """See `Trainer`."""
        start = time.perf_counter()
        optimizer, run, predict = self._program(settings)
        params = jax.tree.map(jnp.asarray, self._recipe.params(settings, seed))
        state = optimizer.init(params)
        x, y = tuple(jnp.asarray(a) for a in data.x), jnp.asarray(data.y)
        about = self._subject.about
        shuffled = about.shuffled is not False if settings.shuffle is None else settings.shuffle
        chunks = -(-steps // CHUNK)
        order = batches(
            len(data.y), about.batch_size, chunks * CHUNK, shuffled, seed, settings.stream
        )
        loss, done = float("nan"), 0
        for i in range(chunks):
            part = jnp.asarray(order[i * CHUNK : (i + 1) * CHUNK])
            params, state, losses = run(params, state, x, y, part, settings.rate)
            loss, done = float(losses), done + CHUNK
            if not np.isfinite(loss) or time.perf_counter() - start > seconds:
                break
        held = tuple(jnp.asarray(a) for a in data.x_held)
        output = np.asarray(predict(params, held, jnp.asarray(data.y_held)), np.float64)
        if settings.logits and about.output_activation == "sigmoid":
            output = 1 / (1 + np.exp(-np.clip(output, -700, 700)))  # as the user's own comes out
        model, arguments = self._recipe.told(settings, jax.device_get(params))
        return Run(output, loss, done, time.perf_counter() - start, model, arguments)

    def _program(self, settings: Settings) -> tuple[Any, Callable[..., Any], Callable[..., Any]]:
        key = replace(settings, rate=1.0, shuffle=None, stream=0)
        if key not in self._programs:
            forward, optimizer = self._recipe.parts(key)
            if key.clip is not None:
                optimizer = optax.chain(optax.clip_by_global_norm(key.clip), optimizer)

            def loss(params: Any, x: Any, y: Any) -> Any:
                return forward(params, x, y, 0.0)[0]

            def run(params: Any, state: Any, x: Any, y: Any, order: Any, rate: Any) -> Any:
                def step(carry: Any, rows: Any) -> Any:
                    params, state = carry
                    batch = tuple(a[rows] for a in x)
                    value, gradient = jax.value_and_grad(loss)(params, batch, y[rows])
                    update, state = optimizer.update(gradient, state, params)
                    moved = jax.tree.map(
                        lambda p, u: p + (rate * u).astype(p.dtype), params, update
                    )
                    return (moved, state), value

                (params, state), values = jax.lax.scan(step, (params, state), order)
                return params, state, values.mean()

            def predict(params: Any, x: Any, y: Any) -> Any:
                return forward(params, x, y, 0.0)[1].output

            self._programs[key] = optimizer, jax.jit(run), jax.jit(predict)
        return self._programs[key]
