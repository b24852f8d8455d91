"""The frozen plateau: raw 8-bit digits, probabilities clipped at ε = 1e-7, 64-16-10, ReLU.

An example whose true class gets less than ε adds −ln ε = 16.118 to the loss and sends a gradient
of exactly zero. Ours freezes where Keras's JAX and PyTorch backends freeze, example by example.
"""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from parity import ours, table
from parity.conftest import Reference
from parity.tolerances import assert_close
from unstuck.engine.network import mlp
from unstuck.engine.program import Inspection, compile_program, numbers
from unstuck.engine.setup import Setup

LEVEL = -np.log(1e-7)  # 16.118
BACKENDS = NEEDS = ("keras-jax", "keras-torch")


@cache
def trained(name: str, dtype: str, rounds: int = 1) -> tuple[np.ndarray, np.ndarray, Inspection]:
    """Losses and parameters after each of rounds × STEPS steps; at the end, some digits seen."""
    row = table.PLATEAUS[name]
    x, y = table.digits()
    output = "linear" if row.from_logits else "softmax"
    setup = Setup(
        mlp((16,), 10, output=output),
        row.loss,
        ours.specification("keras", row.optimizer),
        dtype=dtype,
    )
    with jax.enable_x64(dtype == "float64"):
        program = compile_program(setup.structure(), 64, 10)
        n = numbers(setup, ours.IDENTITY, 64)
        state = ours.start(program, n, table.plateau_weights(), dtype)
        curve, path = [], []
        for rows in np.tile(table.plateau_batches(), (rounds, 1)):
            state, loss = program.step(state, n, jnp.asarray(x[rows]), jnp.asarray(y[rows]))
            curve.append(float(loss))
            path.append(table.flat(ours.parameters(state)))
        alone = jax.tree.map(lambda a: a[None], (state, n))
        seen = program.inspect(
            *alone, jnp.asarray(x[: table.PLATEAU_SEEN]), jnp.asarray(y[: table.PLATEAU_SEEN])
        )
        return np.array(curve), np.stack(path), jax.tree.map(lambda a: np.asarray(a[0]), seen)


def true_class_probability(logits: np.ndarray) -> np.ndarray:
    z = logits.astype(np.float64)
    p = np.exp(z - z.max(axis=1, keepdims=True))
    return (p / p.sum(axis=1, keepdims=True))[
        np.arange(len(z)), table.digits()[1][: table.PLATEAU_SEEN]
    ]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", table.PLATEAUS)
def test_step_for_step(name: str, dtype: str, backend: str, reference: Reference) -> None:
    theirs = reference(backend)
    curve, path, seen = trained(name, dtype)
    prefix = f"plateau/{name}/{dtype}"
    tolerance = "frozen by Adam" if (name, dtype) == ("adam", "float32") else dtype

    assert_close(curve, theirs[f"{prefix}/loss"], tolerance)
    assert_close(path, theirs[f"{prefix}/path"], tolerance)
    if dtype == "float64" and not table.PLATEAUS[name].from_logits:
        assert_close(seen.losses, theirs[f"{prefix}/losses"], tolerance)
        assert_close(seen.logit_gradients, theirs[f"{prefix}/logit_gradients"], tolerance)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_the_same_examples_are_frozen(
    name: str, dtype: str, backend: str, reference: Reference
) -> None:
    """Exactly zero, in theirs and in ours, for just those below ε among the misclassified."""
    theirs = reference(backend)
    prefix = f"plateau/{name}/{dtype}"
    seen = trained(name, dtype)[2]
    y = table.digits()[1][: table.PLATEAU_SEEN]

    sides = {
        "ours": (seen.taps.pre_activations[-1], seen.logit_gradients, seen.losses),
        "theirs": [theirs[f"{prefix}/{k}"] for k in ("logits", "logit_gradients", "losses")],
    }
    frozen_of = {}
    for side, (logits, gradients, losses) in sides.items():
        frozen = true_class_probability(logits) < 1e-7
        wrong = logits.argmax(axis=1) != y
        silent = (gradients == 0).all(axis=1)
        assert frozen.mean() > 0.5, side
        assert (silent[wrong] == frozen[wrong]).all(), side
        np.testing.assert_allclose(losses[frozen], LEVEL, rtol=1e-6)
        frozen_of[side] = frozen
    assert (frozen_of["ours"] == frozen_of["theirs"]).all()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_sgd_lands_on_a_step_of_the_staircase_and_stays(dtype: str, reference: Reference) -> None:
    """After one step nothing moves any more, to the bit; each loss is 16.118 × share wrong."""
    curve, path, seen = trained("sgd", dtype)
    assert (path[1:] == path[1]).all()
    for backend in BACKENDS:
        their_path = reference(backend)[f"plateau/sgd/{dtype}/path"]
        assert (their_path[1:] == their_path[1]).all(), backend

    shares = np.round(curve[1:] / LEVEL * table.PLATEAU_BATCH)
    np.testing.assert_allclose(curve[1:], shares * LEVEL / table.PLATEAU_BATCH, rtol=1e-6)
    wrong = 1.0 - seen.correct.mean()
    assert seen.losses.mean() == pytest.approx(LEVEL * wrong, rel=1e-6)
    assert (seen.gradient_norms == 0).all()


def test_from_logits_it_does_not_freeze() -> None:
    """Same network, digits and optimizer, 600 steps: every wrong example speaks, the loss falls.

    That is all that is claimed here: with 16 units and raw inputs it is not accurate yet.
    """
    clipped, _, frozen = trained("adam", "float32", rounds=10)
    from_logits, path, seen = trained("adam from logits", "float32", rounds=10)

    def silent_wrong(seen: Inspection) -> float:
        return float(((seen.logit_gradients == 0).all(axis=1) & ~seen.correct).mean())

    assert clipped.max() <= LEVEL * (1 + 1e-6) < from_logits[0] / 10  # nothing bounds this one
    assert silent_wrong(seen) == 0 < 0.3 < silent_wrong(frozen)
    assert (np.abs(np.diff(path, axis=0)).max(axis=1) > 0).all()
    assert from_logits[-20:].mean() < from_logits[0] / 50
    assert clipped[-20:].mean() > clipped[0] / 2
