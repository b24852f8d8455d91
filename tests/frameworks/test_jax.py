"""Trials of the engine and of plain JAX: as many steps as asked for, and layers of any kind."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from unstuck.causes import load
from unstuck.causes.examples import CLIPPED, LOGITS, digits, standardized
from unstuck.changes import learning_rate, loop, restraint
from unstuck.changes.loss import SIGN
from unstuck.changes.optimizer import ADAM
from unstuck.cures.cure import cure
from unstuck.cures.printed import Argument, Names, Rate
from unstuck.data.dataset import Dataset
from unstuck.engine.network import Network, mlp
from unstuck.engine.optimizers import keras
from unstuck.engine.program import compile_program, numbers
from unstuck.engine.setup import Setup
from unstuck.engine.training import train
from unstuck.frameworks.jax.cure import built, printed
from unstuck.frameworks.recognize import recognize
from unstuck.scalers import scaler
from unstuck.setups.order import batches
from unstuck.setups.routine import Routine
from unstuck.setups.split import split
from unstuck.setups.subject import Given
from unstuck.setups.trainer import fitted_rows

X, (_, Y) = standardized(), digits()


def plain(optimizer, **given):
    keys = jax.random.split(jax.random.key(0))
    params = [jax.random.normal(keys[0], (64, 16)) / 8, jax.random.normal(keys[1], (16, 10)) / 4]

    def apply(p, x):
        return jnp.tanh(x @ p[0]) @ p[1]

    return recognize((apply, params), Given(X, Y, loss=LOGITS, optimizer=optimizer, **given))


def by_hand(optimizer, params, data, order):
    """Steps of plain optax, and the loss of each."""
    state, losses = optimizer.init(params), []

    def loss(p, x, y):
        z = jnp.tanh(x @ p[0]) @ p[1]
        return optax.softmax_cross_entropy_with_integer_labels(z, y).mean()

    for rows in order:
        value, gradient = jax.value_and_grad(loss)(params, data.x[0][rows], data.y[rows])
        update, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, update)
        losses.append(float(value))
    return params, losses


@pytest.mark.parametrize("steps", [1, 5, 50, 53])
def test_as_many_steps_as_were_asked_for(steps):
    subject = plain(optax.adam(0.01))
    data = split(subject.sample)
    run = subject.trainer().train(data, (), 3, steps)
    order = batches(len(data.y), 32, steps, True, 3)
    params, losses = by_hand(optax.adam(0.01), subject.params, data, order)
    assert run.steps == steps
    assert run.curve[-1][0] == steps
    # The same float32 arithmetic, compiled as a whole.
    np.testing.assert_allclose(run.model[1][1], params[1], rtol=1e-3, atol=1e-5)
    assert run.loss == pytest.approx(np.mean(losses[-32:]), rel=1e-4)
    assert len(run.output) == len(data.y_held)
    assert len(run.fitted) == len(fitted_rows(len(data.y)))


def test_what_is_done_around_a_step_is_replayed():
    subject = plain(optax.sgd(0.1)).with_routine(Routine(clip_norm=0.1, rates=((0, 1.0), (3, 0.5))))
    data = split(subject.sample)
    run = subject.trainer().train(data, (), 0, 6)
    rate = optax.piecewise_constant_schedule(0.1, {3: 0.5})
    own = optax.chain(optax.clip_by_global_norm(0.1), optax.sgd(rate))
    params, _ = by_hand(own, subject.params, data, batches(len(data.y), 32, 6, True, 0))
    np.testing.assert_allclose(run.model[1][0], params[0], rtol=1e-4, atol=1e-6)


def test_a_run_ends_where_its_loss_is_not_finite():
    subject = plain(optax.sgd(1e38))
    data = split(subject.sample)
    run = subject.trainer().train(data, (), 0, 120)
    assert not np.isfinite(run.loss)
    assert run.steps < 50


def test_a_rate_that_was_proven_is_in_the_object_and_in_the_code():
    subject = plain(optax.sgd(1e-3))
    data = split(subject.sample)
    change = learning_rate.HIGHER[1]
    run = subject.trainer().train(data, (change,), 0, 5)
    made = built(subject, cure((change,)))
    own = {"optimizer": optax.sgd(1e-3)}
    exec(made.code, own)
    for optimizer in (made.arguments["optimizer"], own["optimizer"], run.arguments["optimizer"]):
        params, _ = by_hand(optimizer, subject.params, data, batches(len(data.y), 32, 5, True, 0))
        np.testing.assert_allclose(run.model[1][0], params[0], rtol=1e-4, atol=1e-6)


def test_a_loss_with_its_other_sign_learns_what_the_negated_one_does_not():
    shown = load("loss-negated").shows()
    subject = recognize(shown.model, Given(**shown.arguments))
    trainer, data = subject.trainer(), split(subject.sample)
    right = {}
    for changes in ((), (SIGN,)):
        run = trainer.train(data, changes, 0, 300)
        right[changes] = np.mean(run.output.argmax(axis=1) == data.y_held)
    assert right[()] < 0.2 < 0.8 < right[(SIGN,)]
    made = built(subject, cure((SIGN,)))
    given = subject.template.given.loss
    z = jnp.eye(10)
    assert made.arguments["loss"](z, Y[:10]) == pytest.approx(-given(z, Y[:10]))


@pytest.mark.parametrize(
    ("beside", "edits"),
    [
        ((), [("learning_rate", "0.01")]),
        ((learning_rate.HIGHER[0],), [("learning_rate", "0.03")]),
        ((ADAM,), ["optax.adam(0.001)"]),
    ],
)
def test_a_rate_that_stays_is_a_number_where_the_optimizer_is_made(beside, edits):
    subject = plain(optax.sgd(optax.exponential_decay(0.01, 10, 0.9)))
    routine = Routine(rates=((0.0, 1.0), (1.0, 0.5)))
    subject = replace(subject, about=replace(subject.about, routine=routine))
    blocks = printed(subject, cure((*beside, loop.CONSTANT)), Names())
    given = [e for b in blocks for e in b.edits]
    found = [e.optimizer if isinstance(e, Rate) else e for e in given]
    assert [(e.name, e.value) if isinstance(e, Argument) else e.code for e in found] == edits


def test_the_loss_of_outputs_is_the_users_own():
    subject = plain(optax.sgd(0.1))
    trainer, output = subject.trainer(), np.random.default_rng(0).normal(size=(50, 10))
    p = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True)
    wanted = -np.log(p[np.arange(50), Y[:50]]).mean()
    assert trainer.loss(output, Y[:50]) == pytest.approx(wanted, rel=1e-5)
    assert np.isnan(trainer.loss(output, np.zeros((7, 3))))


def test_outputs_are_judged_by_their_own_targets_where_a_loss_broadcasts():
    def mse(output, y):
        return jnp.mean((output - y) ** 2)

    def apply(p, x):
        return x @ p

    y = X[:, 0].astype(np.float32)
    given = Given(X, y, loss=mse, optimizer=optax.sgd(0.1))
    trainer = recognize((apply, jnp.zeros((64, 1))), given).trainer()
    assert trainer.loss(y[:50, None].astype(np.float64), y[:50]) == pytest.approx(0.0, abs=1e-12)


@dataclass(frozen=True)
class Scale:
    """A layer without a kernel: one gain a feature."""

    start: float = 1.0

    def init(self, key, input_shape, dtype):
        return {"gain": jnp.full(input_shape, self.start, dtype)}, (), input_shape

    def apply(self, params, state, x, context):
        y = x * params["gain"]
        return y, y, state


SCALED = Network((Scale(), *mlp([16], 10).layers[:1], Scale(), *mlp([16], 10).layers[1:]))


def test_a_layer_without_a_kernel_joins():
    """Gains of 1 change nothing but that they are trained too."""
    setup = Setup(SCALED, CLIPPED, keras("sgd"), kernel_l2=0.1)
    subject = recognize(setup, Given(X[:300], Y[:300]))
    seen = subject.observe(subject.sample.x, subject.sample.y)
    assert [layer.name for layer in seen.layers] == ["scale", "dense", "scale_1", "dense_1"]
    assert {"scale.gain", "dense.kernel"} <= {p.name for p in seen.parameters}
    bare = recognize(replace(setup, network=mlp([16], 10)), Given(X[:300], Y[:300]))
    bare = replace(bare, params=tuple(p for p in subject.params if "kernel" in p))
    plainly = bare.observe(subject.sample.x, subject.sample.y)
    assert seen.loss == pytest.approx(plainly.loss, rel=1e-6)
    trainer, data = subject.trainer(), split(subject.sample)
    run = trainer.train(data, (), 0, 3)
    assert np.isfinite(run.output).all()
    assert trainer.refuses((restraint.NO_PENALTY,)) == ""


def test_the_engines_own_loop_takes_such_layers():
    setup = Setup(SCALED, CLIPPED, keras("adam"), epochs=2)
    program = compile_program(setup.structure(), 64, 10)
    n = numbers(setup, scaler("none").fit(X), 64)
    state = program.init(jnp.stack([jax.random.key(0)]), jax.tree.map(lambda a: a[None], n))
    assert list(state.params[0]) == ["gain"]
    data = Dataset("digits", X[:200], Y[:200], X[200:300], Y[200:300], (64,), 10)
    (record,) = train([setup], [0], data)
    assert record.loss[1] < record.loss[0]
