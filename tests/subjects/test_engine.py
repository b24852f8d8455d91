"""The engine's networks and bare JAX functions, against NumPy and against real steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from subjects import oracle
from unstuck.causes.examples import CLIPPED, LOGITS, digits, standardized
from unstuck.engine.network import mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.setup import Setup
from unstuck.errors import DataError, UsageError
from unstuck.frameworks.jax.bare import rule_behind
from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given

N = 300


def made(x, loss, optimizer=None):
    output = "softmax" if loss == CLIPPED else "linear"
    setup = Setup(mlp([16], 10, output=output), loss, optimizer or keras("adam"))
    return recognize(setup, Given(x[:N], digits()[1][:N]))


def in_order(subject):
    """Kernel, bias, kernel, bias."""
    return [subject.params[i][k] for i in (0, 1) for k in ("kernel", "bias")]


@pytest.mark.parametrize("loss", [CLIPPED, LOGITS])
@pytest.mark.parametrize("inputs", ["raw", "standardized"])
def test_a_look_is_what_numpy_computes(loss: str, inputs: str) -> None:
    x = digits()[0] if inputs == "raw" else standardized()
    subject = made(x, loss)
    seen = subject.observe(subject.sample.x, subject.sample.y)
    expected = oracle.look(in_order(subject), x[:N], digits()[1][:N], loss == CLIPPED)
    # float32 sums of 64 products, of values as large as the inputs.
    close = {"rtol": 2e-4, "atol": 2e-5 * float(np.abs(x).max())}
    for layer, z in zip(seen.layers, expected.pre_activations, strict=True):
        np.testing.assert_allclose(layer.pre_activation, z, **close)
    np.testing.assert_allclose(seen.losses, expected.losses, **close)
    # An example on the very edge of the clip may fall on either side in float32.
    zero = (seen.logit_gradients == 0).all(axis=1)
    assert abs(zero.mean() - (expected.logit_gradients == 0).all(axis=1).mean()) <= (
        0.02 if loss == CLIPPED else 1.0
    )
    gradients = {p.name: p.gradient for p in seen.parameters}
    if inputs == "standardized" or loss == LOGITS:
        for name, gradient in zip(
            ("dense.kernel", "dense.bias", "dense_1.kernel", "dense_1.bias"),
            expected.gradients,
            strict=True,
        ):
            np.testing.assert_allclose(gradients[name], gradient, **close)


@pytest.mark.parametrize(
    "optimizer", [keras("sgd"), keras("sgd", momentum=0.9), keras("adam"), keras("rmsprop")],
    ids=lambda o: f"{o.name} {o.momentum}",
)  # fmt: skip
def test_the_first_update_is_the_engines_first_step(optimizer) -> None:
    from unstuck.engine.program import compile_program, numbers
    from unstuck.scalers import scaler

    setup = Setup(mlp([16], 10, output="linear"), LOGITS, optimizer)
    x, y = standardized()[:N], digits()[1][:N]
    subject = recognize(setup, Given(x, y))
    seen = subject.observe((x,), y)
    program = compile_program(setup.structure(), 64, 10)
    n = numbers(setup, scaler("none").fit(x), 64)
    state = program.init(jnp.stack([jax.random.key(0)]), jax.tree.map(lambda a: a[None], n))
    single = jax.tree.map(lambda a: a[0], state)
    after, loss = program.step(single, n, jnp.asarray(x), jnp.asarray(y))
    assert float(loss) == pytest.approx(seen.loss, rel=1e-6)
    for old, new, parameter in zip(
        jax.tree.leaves(single.params), jax.tree.leaves(after.params), seen.parameters, strict=True
    ):
        # The same float32 arithmetic, once as an update, once added to the weight.
        np.testing.assert_allclose(new - old, parameter.update, atol=1e-6)


def test_hessian_products_are_differences_of_gradients() -> None:
    setup = Setup(mlp([16], 10, "tanh", "linear"), LOGITS, keras("adam"))
    subject = recognize(setup, Given(standardized()[:N], digits()[1][:N]))
    x, y = subject.sample.x, subject.sample.y
    flat, unravel = jax.flatten_util.ravel_pytree(subject.params)
    v = np.random.default_rng(0).normal(size=flat.size).astype(np.float32)
    product = subject.hessian_product(x, y)(v)
    gradient = jax.grad(lambda p: subject.forward(unravel(p), x, jnp.asarray(y), 0.0)[0])
    step = 1e-3
    difference = (gradient(flat + step * v) - gradient(flat - step * v)) / (2 * step)
    cosine = np.vdot(product, difference) / np.linalg.norm(product) / np.linalg.norm(difference)
    assert cosine > 0.999  # differences of float32 gradients


def test_looking_twice_compiles_once_and_sees_the_same() -> None:
    subject = made(standardized(), LOGITS)
    x, y = subject.sample.x, subject.sample.y
    first = subject.observe(x, y)
    second = subject.observe((x[0] * 1.0,), y)
    assert subject._look._cache_size() == 1
    assert first.loss == second.loss
    np.testing.assert_array_equal(first.logit_gradients, second.logit_gradients)


def bare():
    keys = jax.random.split(jax.random.key(0))
    params = {"first": jax.random.normal(keys[0], (64, 16)) / 8, "last": jnp.zeros((16, 10))}
    return (lambda p, x: jnp.tanh(x @ p["first"]) @ p["last"]), params


def test_a_bare_function_shows_its_output_and_its_steps() -> None:
    x, y = standardized()[:N], digits()[1][:N]
    subject = recognize(bare(), Given(x, y, loss=LOGITS, optimizer=optax.adam(1e-2)))
    seen = subject.observe((x,), y)
    assert seen.layers == ()
    assert [p.name for p in seen.parameters] == ["first", "last"]
    assert seen.loss == pytest.approx(np.log(10), rel=1e-6)  # the last layer is 0
    assert not seen.parameters[0].gradient.any()
    assert np.abs(seen.parameters[1].update).max() == pytest.approx(1e-2, rel=1e-2)
    assert "cannot be told apart" in subject.about.limits[0]


@pytest.mark.parametrize(
    ("optimizer", "name", "rate", "momentum"),
    [
        (optax.sgd(0.3), "sgd", 0.3, 0.0),
        (optax.sgd(0.3, momentum=0.9), "sgd", 0.3, 0.9),
        (optax.adam(2e-3), "adam", 2e-3, 0.0),
        (optax.lion(1e-3), "adam", 1e-3, 0.0),  # sign steps too: alike as far as two steps show
    ],
)
def test_the_rule_behind_an_optax_optimizer(optimizer, name, rate, momentum) -> None:
    x, y = standardized()[:N], digits()[1][:N]
    apply, params = bare()
    params["last"] = jax.random.normal(jax.random.key(1), (16, 10)) / 4
    rule = recognize((apply, params), Given(x, y, loss=LOGITS, optimizer=optimizer)).about.rule
    assert rule.name == name
    assert rule.learning_rate == pytest.approx(rate, rel=1e-2)
    assert rule.momentum == pytest.approx(momentum, abs=1e-2)


def test_a_gradient_of_zero_tells_no_rule() -> None:
    assert rule_behind(np.zeros(3), [np.zeros(3)] * 2).learning_rate is None


SETUP = Setup(mlp([16], 10), CLIPPED, keras("adam"))

WRONG = {
    "no targets": (SETUP, {"x": np.zeros((4, 3))}, UsageError, "no targets"),
    "images": (SETUP, {"x": np.zeros((4, 3, 3)), "y": [0] * 4}, UsageError, "dense layers"),
    "labels beyond the outputs": (
        SETUP, {"x": np.zeros((4, 3)), "y": [0, 1, 2, 10]}, DataError, "10 outputs"),
    "labels below 0": (SETUP, {"x": np.zeros((4, 3)), "y": [0, 1, 2, -1]}, DataError, "from -1"),
    "lengths": (SETUP, {"x": np.zeros((4, 3)), "y": [0, 1]}, DataError, "4 training examples"),
    "empty": (SETUP, {"x": np.zeros((0, 3)), "y": []}, DataError, "empty"),
    "text": (SETUP, {"x": [["a"], ["b"]], "y": [0, 1]}, DataError, "text"),
    "objects": (SETUP, {"x": np.array([{}, {}]), "y": [0, 1]}, DataError, "objects"),
    "ragged": (SETUP, {"x": [[1.0], [1.0, 2.0]], "y": [0, 1]}, DataError, "cannot be made"),
    "labels as text": (SETUP, {"x": np.zeros((2, 3)), "y": ["a", "b"]}, DataError, "LabelEncoder"),
    "a generator": (SETUP, {"x": (i for i in range(3)), "y": [0]}, UsageError, "only once"),
    "no loss": (bare(), {"x": np.zeros((2, 64)), "y": [0, 1]}, UsageError, "no loss"),
    "an unknown loss": (
        bare(), {"x": np.zeros((2, 64)), "y": [0, 1], "loss": "mse"}, UsageError, "unknown loss"),
    "an optimizer of another library": (
        bare(), {"x": np.zeros((2, 64)), "y": [0, 1], "loss": LOGITS, "optimizer": "adam"},
        UsageError, "optax"),
    "inputs of another width": (
        bare(), {"x": np.zeros((2, 9)), "y": [0, 1], "loss": LOGITS}, UsageError, "one example"),
    "nothing known": (object(), {"x": np.zeros((2, 3)), "y": [0, 1]}, UsageError,
        "torch.nn.Module"),
    "a class": (dict, {"x": np.zeros((2, 3)), "y": [0, 1]}, UsageError, "call it"),
}  # fmt: skip


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_explained(kind: str) -> None:
    model, arguments, error, says = WRONG[kind]
    with pytest.raises(error) as raised:
        recognize(model, Given(**arguments))
    assert says in str(raised.value)
    assert len(str(raised.value).splitlines()) <= 12
