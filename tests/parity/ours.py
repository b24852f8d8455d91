"""The engine over the table: the other side of every comparison."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from parity import table
from unstuck.engine import optimizers
from unstuck.engine.network import mlp
from unstuck.engine.program import Numbers, Program, TrainState, compile_program, numbers
from unstuck.engine.setup import Setup
from unstuck.scalers import Affine
from unstuck.setups.compiling import quick

IDENTITY = Affine(np.zeros(()), np.ones(()))


def specification(framework: str, row: table.Optimizer) -> optimizers.Optimizer:
    """Our optimizer for a row, in that framework's form and with its defaults."""
    name, settings = row.ours
    return getattr(optimizers, framework)(name, **settings)


def setup(
    optimizer: optimizers.Optimizer,
    loss: str,
    output: str,
    activation: str,
    dtype: str,
    **more: Any,
) -> Setup:
    network = mlp((table.HIDDEN,), table.OUTPUTS, activation, output)
    return Setup(network, loss, optimizer, dtype=dtype, batch_size=table.BATCH, **more)


def program_of(setup: Setup, features: int = table.FEATURES, target: str = "ids") -> Program:
    return compile_program(setup.structure(), features, table.OUTPUTS if target == "ids" else None)


def start(program: Program, n: Numbers, weights: Sequence[Any], dtype: str) -> TrainState:
    """The engine's own state of one run (no stack), with these weights in place of its draw."""
    stack = jax.tree.map(lambda a: a[None], n)
    drawn = program.init(jax.vmap(jax.random.key)(jnp.zeros(1, jnp.uint32)), stack)
    state = jax.tree.map(lambda a: a[0], drawn)
    pairs = zip(weights[::2], weights[1::2], strict=True)
    params = tuple(
        {"kernel": jnp.asarray(k, dtype), "bias": jnp.asarray(b, dtype)} for k, b in pairs
    )
    return state._replace(params=params)


def parameters(state: TrainState) -> list[Any]:
    """Kernel, bias, kernel, bias."""
    return [a for layer in state.params for a in (layer["kernel"], layer["bias"])]


def trajectories(
    optimizer: optimizers.Optimizer,
    rows: Sequence[tuple[table.Loss, str]],
    dtype: str = "float64",
) -> tuple[Any, Any]:
    """Losses (rows, STEPS) and parameters (rows, STEPS, PARAMETERS), a row for each loss and
    activation, through each row's own `compile_program(...).step`.

    The steps of all rows are put into one scan: XLA compiles one large program in a sixth of
    the time it takes for many small ones.
    """
    data = table.data()
    with jax.enable_x64(dtype == "float64"):
        setups = [setup(optimizer, loss.ours, loss.output, a, dtype) for loss, a in rows]
        steps = [
            program_of(s, target=loss.target).step
            for s, (loss, _) in zip(setups, rows, strict=True)
        ]
        n = numbers(setups[0], Affine(data.shift, data.scale), table.FEATURES)
        state = start(program_of(setups[0], target=rows[0][0].target), n, table.weights(), dtype)

        def one_step(states: list[TrainState], batch: tuple[Any, Mapping[str, Any]]) -> Any:
            x, targets = batch
            after = [
                step(s, n, x, targets[loss.target])
                for step, s, (loss, _) in zip(steps, states, rows, strict=True)
            ]
            paths = [jnp.concatenate([p.ravel() for p in parameters(s)]) for s, _ in after]
            return [s for s, _ in after], (
                jnp.stack([value for _, value in after]),
                jnp.stack(paths),
            )

        targets = {
            kind: t if kind == "ids" else t.astype(dtype) for kind, t in data.targets.items()
        }
        run = jax.jit(
            lambda states: jax.lax.scan(one_step, states, (data.raw, targets)),
            compiler_options=quick(),  # it runs once
        )
        _, (curves, paths) = run([state] * len(rows))
        # As NumPy arrays: outside this context JAX would take differences of float64 in float32.
        return np.swapaxes(np.asarray(curves), 0, 1), np.swapaxes(np.asarray(paths), 0, 1)
