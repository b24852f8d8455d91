"""Networks as data: shapes, draws, taps; and the activations by their formulas."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import erf, expit, softmax

from parity.tolerances import TOLERANCES
from unstuck.engine.activations import ACTIVATIONS
from unstuck.engine.network import Dense, Network, mlp

FLOAT32 = jnp.dtype("float32")

FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "sigmoid": expit,
    "tanh": np.tanh,
    "gelu": lambda z: 0.5 * z * (1 + erf(z / np.sqrt(2))),
    "softmax": lambda z: softmax(z, axis=-1),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_their_formulas(name: str) -> None:
    z = np.concatenate([np.linspace(-40, 40, 81), [-1e3, 1e3, 1e-12, 0.0]])[None]
    with jax.enable_x64(True):
        found = np.asarray(ACTIVATIONS[name](jnp.asarray(z)))
    bound = TOLERANCES["formula"].bound
    np.testing.assert_allclose(found, FORMULAS[name](z), rtol=bound, atol=bound)
    assert set(FORMULAS) == set(ACTIVATIONS)


def test_an_mlp_is_what_it_says() -> None:
    network = mlp((7, 6), 3, activation="tanh", first_kernel="he_normal")
    assert network.layers == (
        Dense(7, "tanh", "he_normal", "zeros"),
        Dense(6, "tanh", "glorot_uniform", "zeros"),
        Dense(3, "softmax", "glorot_uniform", "zeros"),
    )
    assert hash(network) == hash(mlp([7, 6], 3, activation="tanh", first_kernel="he_normal"))


def test_parameters_have_the_layers_shapes_and_dtype() -> None:
    params, states = mlp((7, 6), 3, bias="torch_linear").init(jax.random.key(0), (5,), FLOAT32)
    shapes = [(p["kernel"].shape, p["bias"].shape) for p in params]
    assert shapes == [((5, 7), (7,)), ((7, 6), (6,)), ((6, 3), (3,))]
    assert {leaf.dtype for leaf in jax.tree.leaves(params)} == {FLOAT32}
    assert jax.tree.leaves(states) == []
    # A bias is drawn by its kernel's fan_in: U(±1/√5), U(±1/√7), U(±1/√6).
    for p, inputs in zip(params, (5, 7, 6), strict=True):
        assert 0 < np.abs(p["bias"]).max() <= 1 / np.sqrt(inputs)


def test_layers_draw_independently_and_repeatably() -> None:
    network = Network((Dense(4), Dense(4), Dense(4)))
    a, _ = network.init(jax.random.key(1), (4,), FLOAT32)
    b, _ = network.init(jax.random.key(1), (4,), FLOAT32)
    c, _ = network.init(jax.random.key(2), (4,), FLOAT32)
    kernels = [np.asarray(p["kernel"]) for p in (*a, *c)]
    assert all((x["kernel"] == y["kernel"]).all() for x, y in zip(a, b, strict=True))
    for i, kernel in enumerate(kernels):
        assert all((kernel != other).any() for other in kernels[:i])


def test_taps_hold_what_went_through() -> None:
    network = mlp((7, 6), 3)
    params, states = network.init(jax.random.key(0), (5,), FLOAT32)
    x = np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32)
    output, taps, after = network.apply(params, states, jnp.asarray(x))

    expected = x.astype(np.float64)
    for i, (p, function) in enumerate(zip(params, ("relu", "relu", "softmax"), strict=True)):
        z = expected @ np.asarray(p["kernel"], np.float64) + np.asarray(p["bias"])
        expected = FORMULAS[function](z)
        bound = TOLERANCES["formula32"].bound
        np.testing.assert_allclose(taps.pre_activations[i], z, rtol=bound, atol=bound)
        np.testing.assert_allclose(taps.activations[i], expected, rtol=bound, atol=bound)
    assert (output == taps.activations[-1]).all()
    assert after == states
