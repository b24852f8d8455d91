"""A training loop as one compiled program, whoever computes the gradient.

Set-ups that differ in data, start, order, the optimizer's numbers, rates and number of steps alone
share it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array
from numpy.typing import NDArray

CHUNK = 50  # steps of one call; between calls clock and loss are looked at

Look = Callable[[int, Any, Any], None]  # (steps taken, parameters, state)


class Gradient(Protocol):
    """Loss of a batch, its gradients in the form of the parameters, and the next state."""

    def __call__(self, params: Any, state: Any, batch: Any, key: Array) -> tuple[Array, Any, Any]:
        """See the class; a pure function of arrays."""
        ...


class Around(NamedTuple):
    """What surrounds a step: numbers of clipping, None for none, and whether gradients are kept
    from step to step where `TrainingLoop.train` is not told to zero them."""

    clip_norm: float | None = None
    clip_value: float | None = None
    keeps: bool = False


@dataclass(frozen=True, eq=False)
class Trained:
    """What a loop left behind.

    Args:
        params, state: in the form in which they were given.
        losses: one a step; only the last may not be finite.
        step_seconds: of one step, what is done once left out.
    """

    params: Any
    state: Any
    losses: list[float]
    step_seconds: float


@dataclass(eq=False)
class TrainingLoop:
    """One program.

    Args:
        gradient: see `Gradient`.
        optimizer: the optimizer of its numbers, which may be traced.
        around: what surrounds a step.
        options: of the compiler.
    """

    gradient: Gradient
    optimizer: Callable[[Any], optax.GradientTransformation]
    around: Around = Around()  # noqa: RUF009 (an immutable tuple)
    options: dict[str, Any] | None = None
    _run: Callable[..., Any] = field(init=False)

    def __post_init__(self) -> None:
        self._run = jax.jit(self._steps, compiler_options=self.options)

    def train(
        self,
        params: Any,
        state: Any,
        numbers: Any,
        data: Sequence[NDArray[Any]],
        order: NDArray[np.integer[Any]],
        rates: NDArray[np.floating[Any]],
        *,
        seed: int = 0,
        zeroes: NDArray[np.bool_] | None = None,
        until: float = float("inf"),
        looks: Sequence[int] = (),
        look: Look = lambda step, params, state: None,
    ) -> Trained:
        """Trains until the order ends, the loss is not finite, or time is up.

        Args:
            params: the start.
            numbers: the optimizer's; a pytree of floats.
            data: (n, …) each; the rows of `order` are taken of all of them.
            order: (steps, accumulated batches, examples) rows.
            rates: (steps,) factors on the optimizer's update.
            seed: of what the gradient draws.
            zeroes: (steps,) whether gradients are set to zero before the step; always where None.
            until: when it ends, by `time.perf_counter`.
            looks: steps on the way after which `look` is called.
        """
        steps, order = len(order), order.astype(np.int32)
        zeroed = np.ones(steps, bool) if zeroes is None else zeroes
        numbers = jax.tree.map(lambda v: jnp.asarray(v, jnp.float32), numbers)
        clips = [jnp.float32(c or 0.0) for c in self.around[:2]]
        arrays = tuple(jnp.asarray(a) for a in data)
        params = jax.tree.map(jnp.asarray, params)
        kept = jax.tree.map(jnp.zeros_like, params) if self.around.keeps else None
        carry = (params, state, self.optimizer(numbers).init(params), kept, jax.random.key(seed))

        def run(part: Sequence[Any], count: int) -> Any:
            nonlocal carry
            carry, seen = self._run(carry, numbers, clips, arrays, *part, count)
            return seen

        def looked(step: int) -> None:
            look(step, carry[0], carry[1])

        losses, seconds = chunked(run, (order, rates, zeroed), until, looks, looked)
        return Trained(carry[0], carry[1], losses, seconds)

    def _steps(
        self, carry: Any, numbers: Any, clips: Any, data: Any, order: Any, rates: Any, zeroes: Any,
        count: Any,
    ) -> Any:  # fmt: skip
        optimizer = self.optimizer(numbers)

        def step(i: Any, carry: Any) -> Any:
            (params, state, inner, kept, key), losses = carry
            key, own = jax.random.split(key)
            value, gradients, state = self._accumulated(params, state, data, order[i], own)
            if kept is not None:
                gradients = jax.tree.map(
                    lambda g, k: g + jnp.where(zeroes[i], 0, k), gradients, kept
                )
            gradients = self._clipped(gradients, clips)
            update, inner = optimizer.update(gradients, inner, params)
            params = jax.tree.map(lambda p, u: p + (rates[i] * u).astype(p.dtype), params, update)
            kept = None if kept is None else gradients
            return (params, state, inner, kept, key), losses.at[i].set(value.astype(losses.dtype))

        return jax.lax.fori_loop(0, count, step, (carry, jnp.zeros(CHUNK)))

    def _accumulated(self, params: Any, state: Any, data: Any, order: Any, key: Any) -> Any:
        """Mean loss and summed gradients of the batches of one step."""
        total, gradients = jnp.zeros(()), None
        for rows in order:
            batch = tuple(a[rows] for a in data)
            key, own = jax.random.split(key)
            value, new, state = self.gradient(params, state, batch, own)
            total += value / len(order)
            gradients = new if gradients is None else jax.tree.map(jnp.add, gradients, new)
        return total, gradients, state

    def _clipped(self, gradients: Any, clips: Any) -> Any:
        norm, most = clips
        if self.around.clip_norm is not None:
            factor = jnp.minimum(1.0, norm / (optax.tree.norm(gradients) + 1e-6))
            gradients = jax.tree.map(lambda g: g * factor, gradients)
        if self.around.clip_value is not None:
            gradients = jax.tree.map(lambda g: jnp.clip(g, -most, most), gradients)
        return gradients


def chunked(
    run: Callable[[Sequence[NDArray[Any]], int], Any],
    parts: Sequence[NDArray[Any]],
    until: float = float("inf"),
    looks: Sequence[int] = (),
    look: Callable[[int], None] = lambda step: None,
) -> tuple[list[float], float]:
    """Has steps taken a chunk after the other, until a loss is not finite or time is up.

    Args:
        run: a chunk: given `CHUNK` steps' entries and how many of them are meant, returns as many
            losses, of which those are read.
        parts: (steps, …) each, what is told of every step.
        until: when it ends, by `time.perf_counter`.
        looks: steps on the way after which `look` is called.

    Returns:
        the loss of each step, of which only the last may not be finite; seconds of a step, the
        first chunk left out, which compiles.
    """
    steps = len(parts[0])
    losses: list[float] = []
    ticks: list[float] = []
    ends = sorted({*range(CHUNK, steps, CHUNK), *(s for s in looks if 0 < s < steps), steps})
    for begin, end in zip([0, *ends], ends, strict=False):
        began, count = time.perf_counter(), end - begin
        seen = run([_filled(part[begin:end]) for part in parts], count)
        values = np.asarray(seen, np.float64)[:count]
        sound = np.isfinite(values)
        losses += values[: count if sound.all() else int(sound.argmin()) + 1].tolist()
        now = time.perf_counter()
        ticks.append((now - began) / max(1, count))
        if not sound.all() or now > until:
            break
        if end in looks and end < steps:
            look(end)
    return losses, float(np.mean(ticks[1:] or ticks or [0.0]))


def _filled(part: NDArray[Any]) -> NDArray[Any]:
    """A chunk's entries, filled up to the size that the program was compiled for."""
    return np.pad(part, ((0, CHUNK - len(part)), *((0, 0),) * (part.ndim - 1)))
