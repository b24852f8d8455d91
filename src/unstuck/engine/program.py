"""One compiled program per structure; runs that differ only in numbers are stacked in it.

Everything here is a pure function of (state, numbers, data). Stacking is one `jax.vmap` over
states, numbers and orders; the data are shared, stay as they are stored (uint8 images stay
uint8) and are gathered and scaled batch by batch inside the program.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from unstuck.engine import optimizers
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.losses import LOSSES, takes_class_ids
from unstuck.engine.network import Context, Params, Taps, first_kernel
from unstuck.engine.setup import Setup
from unstuck.errors import UsageError
from unstuck.scalers import Affine

EVALUATION_BATCH = 1_000


class Numbers(NamedTuple):
    """What may differ between stacked runs. Arrays; a leading axis of runs once stacked."""

    shift: Array  # (features,)
    inverse_scale: Array  # (features,)
    first: dict[str, Array]  # the optimizer's numbers for the first kernel
    rest: dict[str, Array]  # … and for all other parameters
    initial: Array  # factor on the first kernel as drawn
    kernel_l2: Array


class TrainState(NamedTuple):
    """All that training changes."""

    params: tuple[Params, ...]
    layers: tuple[Any, ...]
    optimizer: Any
    key: Array


class Program(NamedTuple):
    """The compiled functions; all but `step` take and return stacks of runs."""

    init: Callable[[Array, Numbers], TrainState]
    epoch: Callable[..., tuple[TrainState, Array, Array]]
    evaluate: Callable[..., tuple[Array, Array]]
    inspect: Callable[..., "Inspection"]
    step: Callable[..., tuple[TrainState, Array]]


class Inspection(NamedTuple):
    """One batch seen through the network, for the probes: JAX arrays, or NumPy's once fetched."""

    taps: Taps  # (examples, units) a layer
    losses: Any  # (examples,)
    correct: Any  # (examples,) bool
    logit_gradients: Any  # (examples, outputs): d loss_i / d last pre-activation
    gradient_norms: Any  # (kernels,): norm of the mean loss's gradient


def numbers(setup: Setup, affine: Affine, features: int) -> Numbers:
    """The numbers of one run, each as an array of the set-up's dtype."""
    dtype = jnp.dtype(setup.dtype)
    rest = {k: jnp.asarray(v, dtype) for k, v in setup.optimizer.numbers().items()}
    factors = setup.first_kernel
    scaled = ("learning_rate", "epsilon", "weight_decay", "l2", "initial_accumulator")
    first = {k: v * getattr(factors, k) if k in scaled else v for k, v in rest.items()}
    return Numbers(
        jnp.asarray(np.broadcast_to(affine.shift, (features,)), dtype),
        jnp.asarray(np.broadcast_to(1.0 / affine.scale, (features,)), dtype),
        {k: jnp.asarray(v, dtype) for k, v in first.items()},
        rest,
        jnp.asarray(factors.initial, dtype),
        jnp.asarray(setup.kernel_l2, dtype),
    )


def stack(runs: Sequence[Numbers]) -> Numbers:
    """Numbers of several runs, stacked along a new leading axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *runs)  # type: ignore[no-any-return]


def transformation(setup: Setup, n: Numbers) -> optax.GradientTransformation:
    """The optimizer, with the first kernel as a group of its own."""

    def labels(params: tuple[Params, ...]) -> Any:
        named = jax.tree.map(lambda _: "rest", params)
        named[first_kernel(params)]["kernel"] = "first"
        return named

    groups = {
        "first": optimizers.build(setup.optimizer, n.first),
        "rest": optimizers.build(setup.optimizer, n.rest),
    }
    return optax.partition(groups, labels)


@lru_cache(maxsize=64)
def compile_program(structure: Setup, features: int, classes: int | None) -> Program:
    """The program for a structure (see `Setup.structure`) on inputs of `features` columns.

    Args:
        structure: decides the computation; its numbers are ignored.
        features: columns of x.
        classes: number of classes when y holds class ids (n,); None when y holds targets (n, k).

    Raises:
        UsageError: an unknown loss, or a dtype that JAX would silently narrow.
    """
    if structure.loss not in LOSSES:
        raise UsageError(f"unknown loss {structure.loss!r}", f"one of {', '.join(LOSSES)}")
    network, dtype = structure.network, jnp.dtype(structure.dtype)
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise UsageError(
            f"{dtype} is switched off in JAX", "float32", "or set JAX_ENABLE_X64=1 before it loads"
        )
    loss_of = LOSSES[structure.loss]
    output_activation = ACTIVATIONS[getattr(network.layers[-1], "activation", "linear")]
    threshold = 0.0 if structure.loss.endswith("_logits") else 0.5

    def scaled(n: Numbers, x: Array) -> Array:
        return (x.astype(dtype) - n.shift) * n.inverse_scale

    def target_of(y: Array, output: Array) -> Array:
        if classes is None or takes_class_ids(structure.loss):
            return y
        if output.shape[-1] == 1:  # one output for two classes
            return y[:, None].astype(dtype)
        return jax.nn.one_hot(y, output.shape[-1], dtype=dtype)

    def correct_of(y: Array, output: Array) -> Array:
        if classes is None:
            return jnp.zeros(len(output), bool)
        if output.shape[-1] == 1:
            return (output[:, 0] > threshold) == y.astype(bool)
        return jnp.argmax(output, axis=-1) == y

    def objective(
        params: tuple[Params, ...], state: TrainState, n: Numbers, x: Array, y: Array, key: Array
    ) -> tuple[Array, tuple[Array, Any]]:
        output, _, layers = network.apply(params, state.layers, scaled(n, x), Context(key, True))
        loss = jnp.mean(loss_of(output, target_of(y, output)))
        if structure.kernel_l2:
            kernels = [p["kernel"] for p in params if "kernel" in p]
            loss += 0.5 * n.kernel_l2 * sum(jnp.sum(jnp.square(k)) for k in kernels)
        return loss, (jnp.sum(correct_of(y, output)), layers)

    def step(state: TrainState, n: Numbers, x: Array, y: Array) -> tuple[TrainState, Array, Array]:
        key, step_key = jax.random.split(state.key)
        (loss, (correct, layers)), gradients = jax.value_and_grad(objective, has_aux=True)(
            state.params, state, n, x, y, step_key
        )
        updates, optimizer = transformation(structure, n).update(
            gradients, state.optimizer, state.params
        )
        params = optax.apply_updates(state.params, updates)
        return TrainState(params, layers, optimizer, key), loss, correct

    def init(key: Array, n: Numbers) -> TrainState:
        params, layers = network.init(key, (features,), dtype)
        first = params[first_kernel(params)]
        first["kernel"] = first["kernel"] * n.initial
        optimizer = transformation(structure, n).init(params)
        return TrainState(params, layers, optimizer, jax.random.fold_in(key, 1))

    def epoch(
        state: TrainState, n: Numbers, order: Array, x: Array, y: Array
    ) -> tuple[TrainState, Array, Array]:
        size = min(structure.batch_size, len(x))
        full, remainder = divmod(len(x), size)

        def scanned(state: TrainState, rows: Array) -> tuple[TrainState, tuple[Array, Array]]:
            state, loss, correct = step(state, n, x[rows], y[rows])
            return state, (loss, correct)

        batches = order[: full * size].reshape(full, size)
        state, (losses, corrects) = jax.lax.scan(scanned, state, batches)
        total, right, seen = jnp.sum(losses) * size, jnp.sum(corrects), full * size
        if remainder and not structure.drop_remainder:
            rows = order[full * size :]
            state, loss, correct = step(state, n, x[rows], y[rows])
            total, right, seen = total + loss * remainder, right + correct, seen + remainder
        return state, total / seen, right / seen

    def evaluate(state: TrainState, n: Numbers, x: Array, y: Array) -> tuple[Array, Array]:
        def one(row: tuple[Array, Array]) -> tuple[Array, Array]:
            output, _, _ = network.apply(state.params, state.layers, scaled(n, row[0][None]))
            loss = loss_of(output, target_of(row[1][None], output))
            return loss[0], correct_of(row[1][None], output)[0]

        losses, correct = jax.lax.map(one, (x, y), batch_size=EVALUATION_BATCH)
        return jnp.mean(losses), jnp.mean(correct)

    def inspect(state: TrainState, n: Numbers, x: Array, y: Array) -> Inspection:
        output, taps, _ = network.apply(state.params, state.layers, scaled(n, x))
        target = target_of(y, output)

        def from_logits(z: Array) -> tuple[Array, Array]:
            losses = loss_of(output_activation(z), target)
            return jnp.sum(losses), losses

        logit_gradients, losses = jax.grad(from_logits, has_aux=True)(taps.pre_activations[-1])
        gradients, _ = jax.grad(objective, has_aux=True)(
            state.params, state, n, x, y, jax.random.key(0)
        )
        norms = jnp.stack([jnp.linalg.norm(g["kernel"]) for g in gradients if "kernel" in g])
        return Inspection(taps, losses, correct_of(y, output), logit_gradients, norms)

    single = jax.jit(init)

    def init_stack(keys: Array, n: Numbers) -> TrainState:
        # One by one: compiled under vmap, the draws took three times as long to compile.
        runs = [single(keys[r], jax.tree.map(lambda a, r=r: a[r], n)) for r in range(len(keys))]
        return jax.tree.map(lambda *leaves: jnp.stack(leaves), *runs)  # type: ignore[no-any-return]

    return Program(
        init=init_stack,
        epoch=jax.jit(jax.vmap(epoch, in_axes=(0, 0, 0, None, None)), donate_argnums=0),
        evaluate=jax.jit(jax.vmap(evaluate, in_axes=(0, 0, None, None))),
        inspect=jax.jit(jax.vmap(inspect, in_axes=(0, 0, None, None))),
        step=jax.jit(lambda *a: step(*a)[:2]),
    )
