"""The largest eigenvalue against a dense Hessian, the critical rate against real steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree

from unstuck.causes.examples import classifier, digits, regressor
from unstuck.frameworks.engine.subject import subject
from unstuck.probes.look import Curvature
from unstuck.probes.sharpness import critical_rate, curvature, largest_eigenvalue
from unstuck.setups.subject import Given, UpdateRule


@pytest.mark.parametrize("size", [3, 5, 40])
def test_lanczos_finds_the_largest_eigenvalue(size) -> None:
    draw = np.random.default_rng(size)
    a = draw.normal(size=(size, size))
    a = (a + a.T) / 2
    # float32 products, and asked for to 1 %.
    assert largest_eigenvalue(lambda v: a @ v, size) == pytest.approx(
        np.linalg.eigvalsh(a)[-1], rel=2e-2
    )


def test_the_largest_is_not_the_one_of_largest_size() -> None:
    assert largest_eigenvalue(lambda v: np.array([-9.0, 1, 2, 3]) * v, 4) == pytest.approx(
        3, rel=0.02
    )


def test_products_that_are_not_finite_give_none() -> None:
    assert largest_eigenvalue(lambda v: v * np.nan, 5) is None


@pytest.mark.parametrize("example", [regressor, classifier], ids=["squared error", "logits"])
def test_sharpness_is_that_of_the_dense_hessian(example) -> None:
    from unstuck.engine.network import mlp

    outputs = 1 if example is regressor else 10
    chosen = example("small", network=mlp([4], outputs, "tanh", "linear"))
    made = subject(chosen.model, Given(**chosen.arguments))
    x, y = (made.sample.x[0][:100],), made.sample.y[:100]
    flat, unravel = ravel_pytree(made.params)
    dense = jax.hessian(lambda p: made.forward(unravel(p), x, jnp.asarray(y), 0.0)[0])(flat)
    assert curvature(made, x, y).sharpness == pytest.approx(
        float(np.linalg.eigvalsh(np.asarray(dense))[-1]), rel=2e-2
    )


# Optimizer, its rule, and steps to see it by.
RULES = {
    "sgd": (optax.sgd, {}, UpdateRule("sgd", None)),
    "momentum": (optax.sgd, {"momentum": 0.9}, UpdateRule("sgd", None, 0.9)),
    "nesterov": (
        optax.sgd,
        {"momentum": 0.9, "nesterov": True},
        UpdateRule("sgd", None, 0.9, nesterov=True),
    ),
}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_a_quadratic_diverges_just_beyond_the_critical_rate(name, factor) -> None:
    make, numbers, rule = RULES[name]
    eigenvalues = jnp.array([5.0, 1.0, 0.1])
    rate = critical_rate(rule, Curvature(5.0))
    optimizer = make(rate * factor, **numbers)

    def step(carry, _):
        p, state = carry
        update, state = optimizer.update(eigenvalues * p, state, p)
        return (p + update, state), None

    p = jnp.ones(3)
    (p, _), _ = jax.lax.scan(step, (p, optimizer.init(p)), None, length=3000)
    assert bool(jnp.abs(p[0]) < 1) == (factor < 1)  # it may have ended as NaN


@pytest.mark.parametrize("factor", [0.95, 1.05])
def test_adam_with_a_frozen_preconditioner_diverges_beyond_38_over_lambda(factor) -> None:
    """Cohen et al. 2022: momentum as a moving average, P fixed; here P = 1."""
    rule = UpdateRule("adam", None, beta_1=0.9, beta_2=0.999, epsilon=1e-8)
    rate = critical_rate(rule, Curvature(None, 5.0))
    assert rate == pytest.approx(38 / 5)
    p, m = 1.0, 0.0
    for _ in range(3000):
        m = 0.9 * m + 0.1 * 5.0 * p
        p -= factor * rate * m
        if abs(p) > 1e6:
            break
    assert (abs(p) > 1) == (factor > 1)


def test_what_is_not_known_has_no_critical_rate() -> None:
    assert critical_rate(UpdateRule("lion", 1e-3), Curvature(4.0)) is None
    assert critical_rate(None, Curvature(4.0)) is None
    assert critical_rate(UpdateRule("sgd", 1e-3), Curvature(-1.0)) is None


def test_dividing_inputs_raises_the_critical_rate_by_the_square() -> None:
    """For a linear network on squared error the Hessian is the inputs' second moment."""
    from unstuck.engine.network import mlp

    x = digits()[0]
    y = x[:, :1] / 255
    found = []
    for divisor in (1.0, 16.0):
        chosen = regressor("linear", x / divisor, y, network=mlp([], 1, output="linear"))
        made = subject(chosen.model, Given(**chosen.arguments))
        found.append(curvature(made, made.sample.x, made.sample.y).sharpness)
    # Up to the bias, whose entry of the second moment does not scale.
    assert found[0] / found[1] == pytest.approx(256, rel=0.02)
