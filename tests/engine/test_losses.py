"""Properties of the losses: where they are bounded, where they are silent, what leaves them be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from parity.tolerances import TOLERANCES
from unstuck.engine.losses import EPSILON, LOSSES, takes_class_ids

CLASSES = 5
BOUND = -np.log(EPSILON)  # 16.118
CROSS_ENTROPIES = ["categorical_crossentropy", "sparse_categorical_crossentropy"]

# Logits from where softmax is even to where it is all on one class; examples of one row.
logits = hnp.arrays(np.float64, (1, CLASSES), elements=st.floats(-60, 60, width=32))
classes = st.integers(0, CLASSES - 1)
quick = settings(max_examples=50, deadline=None, derandomize=True)


@pytest.fixture(autouse=True)
def _in_float64():
    with jax.enable_x64(True):
        yield


def target_of(loss: str, label: int) -> np.ndarray:
    return np.array([label]) if takes_class_ids(loss) else np.eye(CLASSES)[[label]]


def clipped_and_slope(loss: str, z: np.ndarray, label: int) -> tuple[float, np.ndarray]:
    """The clipped loss of softmax(z), and its gradient with respect to z."""

    def value(z: jax.Array) -> jax.Array:
        return LOSSES[f"{loss}_clipped"](jax.nn.softmax(z), target_of(loss, label))[0]

    found, slope = jax.value_and_grad(value)(jnp.asarray(z))
    return float(found), np.asarray(slope)[0]


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes)
@quick
def test_clipping_bounds_the_loss(loss: str, z: np.ndarray, label: int) -> None:
    value, _ = clipped_and_slope(loss, z, label)
    assert -np.log1p(-EPSILON) * (1 - 1e-6) <= value <= BOUND * (1 + 1e-15)


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes)
@quick
def test_a_clipped_example_is_silent_and_any_other_is_not(
    loss: str, z: np.ndarray, label: int
) -> None:
    value, slope = clipped_and_slope(loss, z, label)
    p = float(jax.nn.softmax(z[0])[label])
    if p < EPSILON * (1 - 1e-9):
        assert value == pytest.approx(BOUND, rel=1e-15)
        assert (slope == 0).all()
    elif p > 1 - EPSILON * (1 - 1e-9):
        assert (slope == 0).all()
    elif EPSILON * (1 + 1e-9) < p < 1 - EPSILON * (1 + 1e-9):
        assert slope[label] < 0


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes)
@quick
def test_from_logits_a_wrong_example_always_speaks(loss: str, z: np.ndarray, label: int) -> None:
    def value(z: jax.Array) -> jax.Array:
        return LOSSES[f"{loss}_logits"](z, target_of(loss, label))[0]

    slope = np.asarray(jax.grad(value)(jnp.asarray(z)))[0]
    p = np.asarray(jax.nn.softmax(z[0]))
    np.testing.assert_allclose(slope, p - np.eye(CLASSES)[label], atol=1e-15)
    if p.argmax() != label:
        assert slope[label] <= -0.5  # p of the true class is at most a half


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes, shift=st.floats(-1e3, 1e3, width=32))
@quick
def test_from_logits_only_differences_count(
    loss: str, z: np.ndarray, label: int, shift: float
) -> None:
    function, target = LOSSES[f"{loss}_logits"], target_of(loss, label)
    # Adding a shift of 1,000 costs the logits three of their sixteen digits.
    assert float(function(jnp.asarray(z + shift), target)[0]) == pytest.approx(
        float(function(jnp.asarray(z), target)[0]), abs=1e-12 * (1 + abs(shift))
    )


@pytest.mark.parametrize("variant", ["clipped", "logits"])
@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes, order=st.permutations(range(CLASSES)))
@quick
def test_classes_have_no_order(
    loss: str, variant: str, z: np.ndarray, label: int, order: list[int]
) -> None:
    function = LOSSES[f"{loss}_{variant}"]
    moved = order.index(label)

    def value(z: np.ndarray, label: int) -> float:
        output = jax.nn.softmax(z) if variant == "clipped" else jnp.asarray(z)
        return float(function(output, target_of(loss, label))[0])

    assert value(z[:, order], moved) == pytest.approx(value(z, label), rel=1e-12, abs=1e-12)


@given(z=logits, label=classes)
@quick
def test_sparse_is_categorical_of_one_hot(z: np.ndarray, label: int) -> None:
    for variant, output in (("clipped", jax.nn.softmax(z)), ("logits", jnp.asarray(z))):
        sparse, categorical = (LOSSES[f"{loss}_{variant}"] for loss in reversed(CROSS_ENTROPIES))
        assert float(sparse(output, np.array([label]))[0]) == float(
            categorical(output, np.eye(CLASSES)[[label]])[0]
        )


@pytest.mark.parametrize("loss", CROSS_ENTROPIES)
@given(z=logits, label=classes, factor=st.floats(0.01, 100))
@quick
def test_clipped_outputs_are_taken_relative_to_their_sum(
    loss: str, z: np.ndarray, label: int, factor: float
) -> None:
    """As in Keras: outputs that sum to something else than 1 are divided by their sum."""
    function, target = LOSSES[f"{loss}_clipped"], target_of(loss, label)
    p = jax.nn.softmax(z)
    assert float(function(p * factor, target)[0]) == pytest.approx(
        float(function(p, target)[0]), rel=1e-12, abs=1e-15
    )


@given(z=logits, label=classes)
@quick
def test_the_two_variants_agree_between_the_clips(z: np.ndarray, label: int) -> None:
    p = float(jax.nn.softmax(z[0])[label])
    if EPSILON < p < 1 - EPSILON:
        from_logits = LOSSES["sparse_categorical_crossentropy_logits"]
        clipped, _ = clipped_and_slope("sparse_categorical_crossentropy", z, label)
        assert clipped == pytest.approx(
            float(from_logits(jnp.asarray(z), np.array([label]))[0]),
            abs=TOLERANCES["formula"].bound * 100,
        )


@given(z=st.floats(-60, 60), target=st.sampled_from([0.0, 1.0]))
@quick
def test_binary_is_the_two_class_case(z: float, target: float) -> None:
    """A sigmoid of z is a softmax of (0, z), clipped or not."""
    pair, label = jnp.array([[0.0, z]]), np.array([int(target)])
    one, t = jnp.array([[z]]), jnp.array([[target]])
    assert float(LOSSES["binary_crossentropy_logits"](one, t)[0]) == pytest.approx(
        float(LOSSES["sparse_categorical_crossentropy_logits"](pair, label)[0]), abs=1e-12
    )
    # Near 1 a probability keeps no more than 1e-16, and so its complement ε keeps 1e-9 of ε.
    assert float(LOSSES["binary_crossentropy_clipped"](jax.nn.sigmoid(one), t)[0]) == pytest.approx(
        float(LOSSES["sparse_categorical_crossentropy_clipped"](jax.nn.softmax(pair), label)[0]),
        abs=1e-8,
    )


@given(z=st.floats(-60, 60), target=st.sampled_from([0.0, 1.0]))
@quick
def test_binary_is_silent_beyond_the_clip(z: float, target: float) -> None:
    def value(z: jax.Array) -> jax.Array:
        return LOSSES["binary_crossentropy_clipped"](
            jax.nn.sigmoid(z[None, None]), jnp.array([[target]])
        )[0]

    slope = float(jax.grad(value)(jnp.asarray(z)))
    edge = -np.log(EPSILON)  # sigmoid(±edge) is ε from 0 or 1
    if abs(z) > edge + 1e-6:
        assert slope == 0
    elif abs(z) < edge - 1e-6:
        assert slope == pytest.approx(1 / (1 + np.exp(-z)) - target, rel=1e-6)


@given(z=st.floats(-60, 60) | st.just(0.0), target=st.sampled_from([0.0, 0.3, 1.0]))
@quick
def test_binary_from_logits_sends_back_p_minus_t(z: float, target: float) -> None:
    """At a logit of exactly 0, too, where formulas with max(z, 0) and |z| have seams."""

    def value(z: jax.Array) -> jax.Array:
        return LOSSES["binary_crossentropy_logits"](z[None, None], jnp.array([[target]]))[0]

    slope = float(jax.grad(value)(jnp.asarray(z)))
    assert slope == pytest.approx(1 / (1 + np.exp(-z)) - target, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ["mean_squared_error", "mean_absolute_error", "huber"])
def test_an_exact_answer_sends_nothing_back(name: str) -> None:
    """PyTorch and TensorFlow agree; jnp.abs, and Keras's MAE with it on JAX, has slope 1 at 0."""
    exact = jnp.array([[0.5, -1.0, 0.0]])
    slope = jax.grad(lambda output: LOSSES[name](output, exact)[0])(exact)
    assert (slope == 0).all()


def test_in_float32_the_clip_is_where_keras_has_it() -> None:
    """1 − 1e-7 is no float32: the upper bound is 1 − 1.19e-7, and log gives 1.19e-7."""
    loss = LOSSES["sparse_categorical_crossentropy_clipped"]
    sure = loss(jnp.array([[1.0, 0.0]], jnp.float32), np.array([0]))
    wrong = loss(jnp.array([[1.0, 0.0]], jnp.float32), np.array([1]))
    assert sure.dtype == wrong.dtype == jnp.float32
    assert float(sure[0]) == pytest.approx(2.0**-23, rel=1e-6)
    assert float(wrong[0]) == np.float32(-np.log(np.float32(EPSILON)))


errors = hnp.arrays(np.float64, (1, 3), elements=st.floats(-10, 10))


@given(error=errors)
@quick
def test_squares_absolutes_and_huber_by_hand(error: np.ndarray) -> None:
    target = np.array([[0.5, -1.0, 2.0]])
    output = jnp.asarray(target + error)
    e = np.asarray(output) - target
    by_hand = {
        "mean_squared_error": np.mean(e**2),
        "mean_absolute_error": np.mean(np.abs(e)),
        "huber": np.mean([0.5 * v**2 if abs(v) <= 1 else abs(v) - 0.5 for v in e[0]]),
    }
    for name, expected in by_hand.items():
        assert float(LOSSES[name](output, target)[0]) == pytest.approx(
            expected, rel=TOLERANCES["formula"].bound
        )


def test_names_say_what_they_take() -> None:
    assert {name for name in LOSSES if takes_class_ids(name)} == {
        "sparse_categorical_crossentropy_clipped",
        "sparse_categorical_crossentropy_logits",
    }
    assert all(function.__name__ == name for name, function in LOSSES.items())
