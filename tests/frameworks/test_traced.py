"""What is what in a JAX loss: inputs, targets, outputs, keys; and what it draws."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from unstuck.frameworks.jax.flat import flattened
from unstuck.frameworks.jax.watch.arguments import found
from unstuck.frameworks.jax.watch.closure import Call
from unstuck.frameworks.jax.watch.updates import Update
from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given
from unstuck.watching.unseen import Unseen

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5)).astype(np.float32)
Y = (X[:, 0] > 0).astype(np.int32)
W = {
    "a": jnp.asarray(RNG.normal(size=(5, 8)), jnp.float32),
    "b": jnp.asarray(RNG.normal(size=(8, 5)), jnp.float32),
}


def seen(loss, *args):
    return found(Call(loss, (W, *args), {}, 0, False), Update(optax.sgd(0.1)))


def hidden(w, x):
    return jnp.tanh(x @ w["a"])


def cross_entropy(logits, y):
    return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()


def test_an_input_that_is_its_own_target():
    def loss(w, x):
        return jnp.mean((hidden(w, x) @ w["b"] - x) ** 2)

    given = seen(loss, X).arguments
    model, params = given["model"]
    output = model(params, X)
    np.testing.assert_allclose(output, hidden(W, X) @ W["b"], rtol=1e-5)
    np.testing.assert_allclose(given["loss"](output, X + 1), jnp.mean((output - X - 1) ** 2))
    np.testing.assert_array_equal(given["x"], given["y"])


def test_a_sequence_whose_later_part_is_the_target():
    tokens = RNG.integers(0, 5, (40, 7)).astype(np.int32)

    def loss(w, tokens):
        logits = jnp.tanh(w["a"][tokens[:, :-1]]) @ w["b"]
        return cross_entropy(logits, tokens[:, 1:])

    given = seen(loss, tokens).arguments
    model, params = given["model"]
    assert model(params, tokens).shape == (40, 6, 5)


@pytest.mark.parametrize("key", [jax.random.key, jax.random.PRNGKey])
def test_what_is_drawn_is_drawn_anew(key):
    def loss(w, x, y, key):
        h = hidden(w, x)
        return cross_entropy(h * jax.random.bernoulli(key, 0.5, h.shape) @ w["b"], y)

    what = seen(loss, X, Y, key(0))
    model, params = what.arguments["model"]
    assert not what.unproven
    losses = {float(model.training(params, (X,), Y, jax.random.key(i))) for i in (0, 1, 1)}
    assert len(losses) == 2
    assert float(model.forward(params, (X,), Y, 0.0)[0]) == pytest.approx(
        float(loss(W, X, Y, key(0))), rel=1e-5
    )


def test_what_is_drawn_in_a_loop_of_jaxs_is_not_proven():
    def loss(w, x, y, key):
        def turn(h, key):
            return h * jax.random.bernoulli(key, 0.5, h.shape), None

        h, _ = jax.lax.scan(turn, hidden(w, x), jax.random.split(key, 2))
        return cross_entropy(h @ w["b"], y)

    assert "loop of JAX's own" in seen(loss, X, Y, jax.random.key(0)).unproven


def test_weights_of_classes_and_a_penalty_are_no_targets():
    weights = jnp.asarray([0.2, 0.8, 1, 1, 1], jnp.float32)

    def loss(w, x, y, weights):
        each = optax.softmax_cross_entropy_with_integer_labels((hidden(w, x) @ w["b"]), y)
        return (each * weights[y]).mean() + 1e-3 * jnp.sum(w["a"] ** 2)

    given = seen(loss, X, Y, weights).arguments
    np.testing.assert_array_equal(given["y"], Y)


def test_two_outputs_of_one_target_are_not_one():
    def loss(w, x, y):
        return jnp.mean((hidden(w, x) @ w["b"] - y) ** 2) + jnp.mean((x @ w["a"][:, :5] - y) ** 2)

    with pytest.raises(Unseen, match="more than one output"):
        seen(loss, X, X[:, ::-1].copy())


def squares(w, x, y):
    return jnp.mean((hidden(w, x) @ w["b"] - y) ** 2)


@pytest.mark.parametrize(
    ("loss", "y", "name"),
    [
        (lambda w, x, y: cross_entropy(hidden(w, x) @ w["b"], y), Y, "sparse_categorical"),
        (squares, X * 2, "mean_squared_error"),
        (lambda *a: squares(*a) / 2, X * 2, "squared_error"),
        (lambda *a: squares(*a) / 3, X * 2, "<lambda>"),
    ],
)
def test_a_loss_is_known_by_its_values(loss, y, name):
    given = seen(loss, X, y).arguments
    about = recognize(given.pop("model"), Given(given.pop("x"), **given)).about
    assert about.loss.name.startswith(name)
    assert (about.loss.targets == "unknown") == (name == "<lambda>")


def test_what_a_loss_does_not_need_is_left_out():
    flat = flattened(lambda a: (a + 1, jnp.sin(a))[0], X)
    assert [e.source.primitive.name for e in flat.equations] == ["add"]
