"""Initial draws against the frameworks' own: bounds, standard deviations, whole distributions.

A million draws each, seeds fixed: the two-sample Kolmogorov-Smirnov test then sees a bound or a
standard deviation that is off by 1 %. Seeds being fixed, p > 0.001 holds once and for all or
fails once and for all.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from parity import table
from parity.conftest import Reference
from unstuck.engine.initializers import INITIALIZERS

NEEDS = ("keras-jax", "torch")
P_VALUE = 1e-3
MEAN_FAN = sum(table.DRAWN) / 2
# Our initializer -> the run and the name of the draw it is held against.
KERNELS = {name: ("keras-jax", name) for name in table.KERAS_INITIALIZERS} | {
    "torch_linear": ("torch", "Linear kernel")
}
# In a uniform draw, the bound; in a normal one, the standard deviation (and where it is cut off).
CUT = 2 / 0.87962566103423978  # standard deviations, Keras's truncated normal
UNIFORM = {
    "glorot_uniform": np.sqrt(3 / MEAN_FAN),
    "he_uniform": np.sqrt(6 / table.DRAWN[0]),
    "lecun_uniform": np.sqrt(3 / table.DRAWN[0]),
    "torch_linear": np.sqrt(1 / table.DRAWN[0]),
    "sklearn_glorot": np.sqrt(3 / MEAN_FAN),
    "sklearn_glorot_logistic": np.sqrt(1 / MEAN_FAN),
    "random_uniform": 0.05,
}
NORMAL = {
    "glorot_normal": (np.sqrt(1 / MEAN_FAN), CUT),
    "he_normal": (np.sqrt(2 / table.DRAWN[0]), CUT),
    "lecun_normal": (np.sqrt(1 / table.DRAWN[0]), CUT),
    "glorot_normal_untruncated": (np.sqrt(1 / MEAN_FAN), None),
    "random_normal": (0.05, None),
}


def draw(name: str, shape: tuple[int, ...] = table.DRAWN) -> np.ndarray:
    return np.asarray(
        INITIALIZERS[name](jax.random.key(5), shape, table.DRAWN, jnp.dtype("float32"))
    )


def assert_one_distribution(a: np.ndarray, b: np.ndarray) -> None:
    if np.ptp(b) == 0:
        assert (a == b.flat[0]).all()
        return
    p = stats.ks_2samp(a.ravel(), b.ravel()).pvalue
    assert p > P_VALUE, f"p = {p:.1e}"


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_come_from_the_frameworks_distribution(name: str, reference: Reference) -> None:
    run, theirs = KERNELS[name]
    assert_one_distribution(draw(name), reference(run)[f"draw/{theirs}"])


def test_keras_dense_by_default(reference: Reference) -> None:
    """`mlp`'s defaults are those of keras.layers.Dense: glorot_uniform and zeros."""
    theirs = reference("keras-jax")
    assert_one_distribution(draw("glorot_uniform"), theirs["draw/Dense kernel"])
    assert_one_distribution(draw("zeros", table.DRAWN[1:]), theirs["draw/Dense bias"])


def test_torch_linear_draws_its_bias_by_the_kernels_fan(reference: Reference) -> None:
    theirs = reference("torch")["draw/Linear bias"]
    assert_one_distribution(draw("torch_linear", theirs.shape), theirs)


@pytest.mark.parametrize(
    ("name", "activation"), [("sklearn_glorot", "relu"), ("sklearn_glorot_logistic", "logistic")]
)
def test_scikit_learn_kernels_and_biases(name: str, activation: str) -> None:
    """The kernel and the bias that MLPRegressor starts from: drawn, then never trained on."""
    from sklearn.neural_network import MLPRegressor

    outputs, inputs = 500, 500
    model = MLPRegressor(
        hidden_layer_sizes=(),
        activation=activation,
        solver="sgd",
        learning_rate_init=1e-30,
        random_state=1,
    )
    model.partial_fit(np.zeros((2, inputs)), np.zeros((2, outputs)))
    initializer = INITIALIZERS[name]
    for theirs, shape in (
        (model.coefs_[0], (inputs, outputs)),
        (model.intercepts_[0], (outputs,)),
    ):
        mine = initializer(jax.random.key(5), shape, (inputs, outputs), jnp.dtype("float32"))
        assert_one_distribution(np.asarray(mine), theirs)


@pytest.mark.parametrize("name", UNIFORM)
def test_uniform_bounds(name: str) -> None:
    values, bound = np.abs(draw(name)), np.float32(UNIFORM[name])
    assert bound * (1 - 1e-4) < values.max() <= bound  # 100 of 1e6 draws lie in the last 1e-4


@pytest.mark.parametrize("name", NORMAL)
def test_normal_standard_deviations(name: str) -> None:
    values = draw(name).astype(np.float64)
    sd, cut = NORMAL[name]
    # Standard error of a standard deviation from 1e6 normal draws: 0.07 %; four of them.
    assert values.std() == pytest.approx(sd, rel=0.003)
    assert abs(values.mean()) < 4 * sd / np.sqrt(values.size)
    if cut is None:
        assert np.abs(values).max() > 4 * sd
    else:
        assert cut * sd * 0.999 < np.abs(values).max() <= cut * sd * (1 + 1e-6)


def test_every_initializer_is_held_against_something() -> None:
    held = {*KERNELS, *UNIFORM, *NORMAL}
    assert held == set(INITIALIZERS)
