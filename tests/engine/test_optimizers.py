"""Optimizer specifications: what is structure, what is number, and one step by hand."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from parity.tolerances import TOLERANCES
from unstuck.engine import optimizers
from unstuck.errors import UsageError

G, P = np.array([0.3, -2.0, 0.0]), np.array([1.0, -0.5, 2.0])


def first_steps(spec: optimizers.Optimizer, steps: int = 1) -> np.ndarray:
    """How far P has moved after some steps of the constant gradient G."""
    with jax.enable_x64(True):
        numbers = {k: jnp.asarray(v) for k, v in spec.numbers().items()}
        transformation = optimizers.build(spec, numbers)
        p = jnp.asarray(P)
        state = transformation.init(p)
        for _ in range(steps):
            updates, state = transformation.update(jnp.asarray(G), state, p)
            p = optax.apply_updates(p, updates)
        return np.asarray(p) - P


# The formulas of the papers and manuals, written out for the first step.
BY_HAND = {
    "sgd": (optimizers.keras("sgd", learning_rate=0.1), -0.1 * G),
    "momentum starts as SGD": (
        optimizers.keras("sgd", learning_rate=0.1, momentum=0.9),
        -0.1 * G,
    ),
    "Nesterov looks ahead": (
        optimizers.torch("sgd", learning_rate=0.1, momentum=0.9, nesterov=True),
        -0.1 * 1.9 * G,
    ),
    "L2 goes with the gradient": (
        optimizers.torch("sgd", learning_rate=0.1, l2=0.5),
        -0.1 * (G + 0.5 * P),
    ),
    "decay goes with the rate": (
        optimizers.keras("sgd", learning_rate=0.1, weight_decay=0.5),
        -0.1 * (G + 0.5 * P),
    ),
    "Adam, PyTorch form": (
        optimizers.torch("adam", learning_rate=0.1, epsilon=0.2),
        -0.1 * G / (np.abs(G) + 0.2),
    ),
    "Adam, Keras form": (
        optimizers.keras("adam", learning_rate=0.1, epsilon=0.2),
        -0.1 * G / (np.abs(G) + 0.2 / np.sqrt(1 - 0.999)),
    ),
    "AdamW leaves the decay unscaled": (
        optimizers.torch("adamw", learning_rate=0.1, epsilon=0.2, weight_decay=0.5),
        -0.1 * (G / (np.abs(G) + 0.2) + 0.5 * P),
    ),
    "RMSprop, PyTorch form": (
        optimizers.torch("rmsprop", learning_rate=0.1, rho=0.75, epsilon=0.2),
        -0.1 * G / (0.5 * np.abs(G) + 0.2),
    ),
    "RMSprop, Keras form": (
        optimizers.keras("rmsprop", learning_rate=0.1, rho=0.75, epsilon=0.2),
        -0.1 * G / np.sqrt(0.25 * G**2 + 0.2),
    ),
    "Adagrad, PyTorch form": (
        optimizers.torch("adagrad", learning_rate=0.1, initial_accumulator=0.3, epsilon=0.2),
        -0.1 * G / (np.sqrt(0.3 + G**2) + 0.2),
    ),
    "Adagrad, Keras form": (
        optimizers.keras("adagrad", learning_rate=0.1, initial_accumulator=0.3, epsilon=0.2),
        -0.1 * G / np.sqrt(0.3 + G**2 + 0.2),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_first_step_by_hand(name: str) -> None:
    spec, expected = BY_HAND[name]
    bound = TOLERANCES["formula"].bound
    np.testing.assert_allclose(first_steps(spec), expected, rtol=bound, atol=bound)


def test_momentum_builds_up() -> None:
    """Constant gradient: steps of g, 1.9 g, 2.71 g."""
    spec = optimizers.keras("sgd", learning_rate=0.1, momentum=0.9)
    np.testing.assert_allclose(first_steps(spec, 3), -0.1 * (1 + 1.9 + 2.71) * G, rtol=1e-12)


def test_without_epsilon_adams_first_step_feels_no_scale() -> None:
    spec = optimizers.keras("adam", learning_rate=0.1, epsilon=0.0)
    moved = first_steps(replace(spec, epsilon=1e-300))
    np.testing.assert_allclose(moved[:2], -0.1 * np.sign(G[:2]), rtol=1e-12)
    assert moved[2] == 0  # 0/ε, not 0/0


@pytest.mark.parametrize("number", optimizers.NUMBERS)
def test_numbers_are_no_structure(number: str) -> None:
    """Another value shares the program; only switching momentum or a decay on makes another."""
    off = optimizers.Optimizer("sgd", "torch", 0.1)
    on, more = replace(off, **{number: 0.25}), replace(off, **{number: 0.5})
    assert on.structure() == more.structure()
    switched = number in ("momentum", "weight_decay", "l2")
    assert (on.structure() != off.structure()) == switched


def test_an_unknown_name_is_answered_with_the_known() -> None:
    with pytest.raises(UsageError, match="adamw"):
        optimizers.keras("adamx")
    with pytest.raises(UsageError, match="rmsprop"):
        optimizers.torch("lion")
