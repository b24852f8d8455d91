"""One compiled program: what may change without compiling anew, and what stacking leaves be."""

from collections.abc import Iterator
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from parity.tolerances import assert_close
from unstuck.data.dataset import Dataset
from unstuck.engine import optimizers
from unstuck.engine.network import mlp
from unstuck.engine.program import Numbers, Program, TrainState, compile_program, numbers, stack
from unstuck.engine.setup import FirstKernel, Setup
from unstuck.engine.training import train
from unstuck.scalers import Affine, Scaler

FEATURES, CLASSES = 6, 3
SETUP = Setup(
    mlp((5,), CLASSES),
    "sparse_categorical_crossentropy_clipped",
    optimizers.keras("adam"),
    scaler=Scaler("standard"),
    epochs=2,
    batch_size=8,
)
IDENTITY = Affine(np.zeros(()), np.ones(()))


@pytest.fixture(scope="module")
def data() -> Dataset:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, FEATURES), dtype=np.uint8)
    y = (x[:, 0] // 86).astype(np.int32)
    return Dataset("blocks", x[:44], y[:44], x[44:], y[44:], (FEATURES,), CLASSES)


@pytest.fixture
def compilations() -> Iterator[list[str]]:
    """What JAX compiles while the test runs, as its own monitoring tells."""
    seen: list[str] = []

    def listen(event: str, seconds: float, **more: object) -> None:
        if event.endswith("backend_compile_duration"):
            seen.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seen
    jax.monitoring.unregister_event_duration_listener(listen)


def stacked(seeds: list[int], setups: list[Setup]) -> tuple[Program, TrainState, Numbers]:
    program = compile_program(setups[0].structure(), FEATURES, CLASSES)
    n = stack([numbers(s, IDENTITY, FEATURES) for s in setups])
    keys = jax.vmap(jax.random.key)(jnp.asarray(seeds, jnp.uint32))
    return program, program.init(keys, n), n


def test_step_two_does_not_compile(data: Dataset, compilations: list[str]) -> None:
    program, state, n = stacked([0], [SETUP])
    state, n = jax.tree.map(lambda a: a[0], (state, n))
    x, y = jnp.asarray(data.x_train[:8]), jnp.asarray(data.y_train[:8])
    state, _ = program.step(state, n, x, y)
    assert compilations  # the listener listens
    compilations.clear()
    for _ in range(3):
        state, _ = program.step(state, n, x, y)
    assert not compilations


VARIATIONS = {
    "seed": (SETUP, 7),
    "learning rate": (replace(SETUP, optimizer=optimizers.keras("adam", learning_rate=0.5)), 0),
    "ε and β": (replace(SETUP, optimizer=optimizers.keras("adam", epsilon=1.0, beta_1=0.1)), 0),
    "scaler": (replace(SETUP, scaler=Scaler("divide", k=10.0)), 0),
    "scaler, per feature": (replace(SETUP, scaler=Scaler("robust", per="feature")), 0),
    "first kernel": (replace(SETUP, first_kernel=FirstKernel(0.1, learning_rate=3.0)), 0),
}


@pytest.mark.parametrize("name", VARIATIONS)
def test_numbers_do_not_compile(name: str, data: Dataset, compilations: list[str]) -> None:
    """A whole second training, epochs, validation and probes, compiles nothing at all."""
    first = train([SETUP], [0], data)
    compilations.clear()
    setup, seed = VARIATIONS[name]
    (other,) = train([setup], [seed], data)
    assert not compilations
    assert other.loss != first[0].loss  # and yet it was another run


def test_structure_does_compile(data: Dataset, compilations: list[str]) -> None:
    train([SETUP], [0], data)
    compilations.clear()
    train([replace(SETUP, network=mlp((4,), CLASSES))], [0], data)
    assert compilations


def test_the_scaler_acts_inside_as_it_does_outside(data: Dataset) -> None:
    """Fed raw with an affine map, or scaled beforehand without: the same step."""
    affine = Scaler("standard", per="feature").fit(data.x_train)
    with jax.enable_x64(True):
        setup = replace(SETUP, dtype="float64")
        program, state, _ = stacked([3], [setup])
        state = jax.tree.map(lambda a: a[0], state)
        y = jnp.asarray(data.y_train)
        inside = program.step(state, numbers(setup, affine, FEATURES), jnp.asarray(data.x_train), y)
        outside = program.step(
            state, numbers(setup, IDENTITY, FEATURES), jnp.asarray(affine(data.x_train)), y
        )
        # After one step of Adam, bounded by the learning rate, whatever the gradient.
        for a, b in zip(
            jax.tree.leaves(inside[0].params), jax.tree.leaves(outside[0].params), strict=True
        ):
            assert_close(a, b, "float64")
        assert_close(inside[1], outside[1], "float64")


def test_class_ids_become_targets_of_the_losss_kind(data: Dataset) -> None:
    """Ids as they are, one-hot rows, or one column: the same cross-entropy."""
    with jax.enable_x64(True):
        z = np.random.default_rng(1).normal(size=(44, CLASSES))
        losses = []
        for loss in ("sparse_categorical_crossentropy_logits", "categorical_crossentropy_logits"):
            setup = replace(
                SETUP, loss=loss, network=mlp((), CLASSES, output="linear"), dtype="float64"
            )
            program = compile_program(setup.structure(), CLASSES, CLASSES)
            n = numbers(setup, IDENTITY, CLASSES)
            state = jax.tree.map(
                lambda a: a[0],
                program.init(jax.vmap(jax.random.key)(jnp.zeros(1, jnp.uint32)), stack([n])),
            )
            state = state._replace(
                params=({"kernel": jnp.eye(CLASSES), "bias": jnp.zeros(CLASSES)},)
            )
            losses.append(program.step(state, n, jnp.asarray(z), jnp.asarray(data.y_train))[1])
        expected = -np.mean(
            (z - np.log(np.exp(z).sum(axis=1, keepdims=True)))[np.arange(44), data.y_train]
        )
        assert_close(losses, [expected, expected], "formula")


def test_inspection_gives_gradients_of_each_example(data: Dataset) -> None:
    """d loss_i / d logits from logits is p − one-hot; the norms are those of the mean loss."""
    with jax.enable_x64(True):
        setup = replace(
            SETUP,
            loss="sparse_categorical_crossentropy_logits",
            network=mlp((5,), CLASSES, output="linear"),
            dtype="float64",
        )
        program, state, n = stacked([0], [setup])
        x, y = jnp.asarray(data.x_train), jnp.asarray(data.y_train)
        seen = jax.tree.map(lambda a: np.asarray(a[0]), program.inspect(state, n, x, y))
        z = seen.taps.pre_activations[-1]
        p = np.asarray(jax.nn.softmax(z))
        residual = p - np.eye(CLASSES)[data.y_train]
        assert_close(seen.logit_gradients, residual, "formula")
        assert (seen.correct == (z.argmax(axis=1) == data.y_train)).all()
        hidden = seen.taps.activations[0]
        by_hand = np.linalg.norm(hidden.T @ residual / len(x))
        assert_close(seen.gradient_norms[-1], by_hand, "float64")


def test_kernel_l2_adds_half_lambda_squares(data: Dataset) -> None:
    with jax.enable_x64(True):
        setups = [replace(SETUP, kernel_l2=v, dtype="float64") for v in (0.2, 0.7)]
        program, state, _ = stacked([0], setups[:1])
        state = jax.tree.map(lambda a: a[0], state)
        x, y = jnp.asarray(data.x_train), jnp.asarray(data.y_train)
        low, high = (program.step(state, numbers(s, IDENTITY, FEATURES), x, y)[1] for s in setups)
        squares = sum(float(jnp.sum(p["kernel"] ** 2)) for p in state.params)
        assert_close(high - low, 0.5 * 0.5 * squares, "formula")
