"""Trials of a Keras set-up, and cures as code."""

import random
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, CROSSENTROPY, classes, rng
from unstuck.changes import activation, initialization, loop, restraint
from unstuck.changes.change import Change, Combination, Part, changed
from unstuck.changes.data import Data
from unstuck.changes.epsilon import EPSILON
from unstuck.changes.gradient_clipping import CLIPPED
from unstuck.changes.input_scaling import SPREAD
from unstuck.changes.loss import LOGITS
from unstuck.changes.normalization import NORMALIZED
from unstuck.changes.optimizer import ADAM
from unstuck.changes.output_activation import LINEAR
from unstuck.changes.placebo import PLACEBO
from unstuck.changes.target_scaling import TARGETS
from unstuck.changes.unfreezing import UNFROZEN
from unstuck.cures.cure import cure
from unstuck.frameworks.keras.cure import built
from unstuck.frameworks.recognize import recognize
from unstuck.setups import compiled
from unstuck.setups.routine import Routine
from unstuck.setups.split import split
from unstuck.setups.subject import Given


def rate(factor: float) -> Change:
    return Change("rate", "another rate", Part.RATE, factor)


def digits() -> tuple[Any, Any]:
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    return (x * 255 / 16).astype("uint8"), y


def digits_net() -> Any:
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", CROSSENTROPY, metrics=["accuracy"])
    return model


def set_up(model: Any, x: Any, y: Any, **given: Any) -> tuple[Any, Any, Data]:
    subject = recognize(model, Given(x, y, **given))
    return subject, subject.trainer(), split(subject.sample)


def accuracy(subject: Any, data: Data, run: Any) -> float:
    return float((run.output.argmax(axis=1) == data.y_held).mean())


def check_trials_of_raw_pixels() -> None:
    """Equal seeds give equal trials; scaled inputs and logits learn, and nothing is touched."""
    x, y = digits()
    model = digits_net()
    compiled.FASTER = 0  # however busy the machine is
    model.fit(x[:64] / 255, y[:64], epochs=1, verbose=0)
    before = [np.array(v) for v in (*model.weights, *model.optimizer.variables)]
    subject, trainer, data = set_up(model, x, y)
    states = random.getstate(), np.random.get_state()[1].tolist()
    assert trainer.notes == ()  # it was trained, and that is drawn anew
    scaled = changed(data, (SPREAD,))
    first = trainer.train(data, (), 3, 60)
    again = trainer.train(data, (), 3, 60)
    np.testing.assert_array_equal(first.output, again.output)
    assert (first.steps, first.loss) == (60, again.loss)
    assert np.abs(trainer.train(data, (), 4, 60).output - first.output).max() > 0.1
    learnt = trainer.train(scaled, (), 3, 300)
    assert accuracy(subject, data, learnt) > 0.85
    if BACKEND != "tensorflow":  # where nothing is clipped
        raw = accuracy(subject, data, trainer.train(data, (), 3, 150))
        assert raw < 0.6, raw
        logits = trainer.train(data, (LOGITS,), 3, 150)
        assert accuracy(subject, data, logits) > raw + 0.2
    after = [np.array(v) for v in (*model.weights, *model.optimizer.variables)]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert states == (random.getstate(), np.random.get_state()[1].tolist())
    own = recognize(learnt.model, Given(scaled.x[0], scaled.y))  # a run can be looked at
    assert own.about.loss.name == CROSSENTROPY


def check_changes_in_trials() -> None:
    x, y = classes()
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(4, "softmax")]
    )
    model.compile(keras.optimizers.SGD(0.1), CROSSENTROPY)
    _, trainer, data = set_up(model, x, y)

    def start(changes: Combination, steps: int = 1) -> Any:
        run = trainer.train(data, changes, 0, steps)
        return run, [np.array(w) for w in run.model.get_weights()]

    # One step moves in proportion to the rate, from one start, whatever is changed.
    none, slow, fast = (start((rate(r),))[1] for r in (1e-9, 0.01, 1.0))
    for w, a, b in zip(none, slow, fast, strict=True):
        np.testing.assert_allclose((b - w) * 0.01, a - w, rtol=0.02, atol=2e-6)
    logits = start((LOGITS, rate(1e-9)))[0].model
    assert keras.activations.serialize(logits.layers[-1].activation) == "linear"
    for w, b in zip(none, logits.get_weights(), strict=True):
        np.testing.assert_allclose(w, b, atol=1e-6)
    # The placebo differs by nothing but the order: over one whole epoch in one batch not at all.
    _, whole, data = set_up(model, x, y, batch_size=90)
    one, other = (whole.train(data, c, 0, 1).output for c in ((), (PLACEBO,)))
    np.testing.assert_allclose(one, other, atol=1e-5)
    combinations: tuple[Combination, ...] = (
        (ADAM, EPSILON, CLIPPED, initialization.LSUV, NORMALIZED),
        (initialization.HE, activation.TANH, UNFROZEN),
    )
    if BACKEND == "torch":  # orders are drawn by NumPy on each
        one, other = (trainer.train(data, c, 0, 9).output for c in ((), (PLACEBO,)))
        assert np.abs(one - other).max() > 1e-4
    for changes in combinations if BACKEND == "torch" else combinations[:1]:
        assert trainer.refuses(changes) == ""
        run, _ = start(changes, 30)
        assert run.steps == 30
        assert np.isfinite(run.loss)
    assert "no ε" in trainer.refuses((EPSILON,))
    assert "regression" in trainer.refuses((LINEAR,))
    run = trainer.train(data, (), 0, 10**6, seconds=0.0)
    assert run.steps == 1
    diverged = trainer.train(data, (rate(1e30),), 0, 500)
    assert diverged.steps < 500
    assert not np.isfinite(diverged.loss)


def check_kept_weights() -> None:
    """What an initialiser cannot have drawn is kept; a layer fresh from it is drawn anew."""
    x, y = classes()
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Normalization(),
            layers.Dense(16, "relu", name="base"),
            layers.Dense(16, "relu", name="middle"),
            layers.Dense(4, "softmax", name="top"),
        ]
    )
    model.layers[0].adapt(x)
    base = model.get_layer("base")
    base.set_weights([rng().normal(size=(6, 16)) * 3 + 1, np.ones(16)])
    base.trainable = False
    model.compile("adam", CROSSENTROPY)
    # What an initialiser draws is Keras's own: where programs are compiled, one of the two.
    for was_trained in (False, True) if BACKEND == "torch" else (True,):
        if was_trained:
            model.fit(x, y, epochs=30, verbose=0)
        _, trainer, data = set_up(model, x, y)
        assert "base" in trainer.notes[0]
        assert "middle" not in trainer.notes[0]
        one, two = (trainer.train(data, (), seed, 1).model.get_weights() for seed in (0, 1))
        one, two = [np.array(w) for w in one], [np.array(w) for w in two]
        kept = [np.array_equal(a, b) for a, b in zip(one, two, strict=True)]
        assert kept[-6:] == [True, True, False, False, False, False]
        assert all(kept[:-6])  # of the normalization
        np.testing.assert_array_equal(one[-6], base.get_weights()[0])
    free = trainer.train(data, (UNFROZEN,), 0, 5).model.get_weights()
    assert not np.array_equal(free[-6], base.get_weights()[0])


@keras.saving.register_keras_serializable("unstuck-checks")
class Own(keras.Model):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.hidden, self.out = layers.Dense(32, "relu"), layers.Dense(10, "softmax")

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x))


def check_a_model_of_a_class_of_its_own_as_code() -> None:
    """Layers are found by their attributes; what the code leaves learns as the object does."""
    x, y = (a[::3] for a in digits())
    own = Own()
    own.compile("adam", CROSSENTROPY, metrics=["accuracy"])
    made = built(recognize(own, Given(x, y)), cure((SPREAD, LOGITS)))
    names = {"model": own, "x": x, "y": y}
    exec(made.code, names)
    assert "model.out.activation = keras.activations.linear" in made.code
    for cured, given in ((names["model"], names["x"]), (made.model, x)):
        seen = cured.fit(given, y, epochs=8, batch_size=16, verbose=0)
        assert seen.history["accuracy"][-1] > 0.7, (made.code, seen.history)


def check_targets_scaled() -> None:
    x = rng().normal(size=(200, 3))
    y = (x @ [1, 2, 3] + 500) * 1000
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    _, trainer, raw = set_up(model, x, y)
    data = changed(raw, (TARGETS,))
    run = trainer.train(data, (), 0, 100)
    left = data.restored(run.output)[:, 0] - raw.y_held
    assert np.mean(left**2) < 0.01 * raw.y_held.var()


def check_runs() -> None:
    """A run's curve, fit and way; what its output costs by the script's own loss."""
    x, y = classes()
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.SGD(0.5), CROSSENTROPY)
    subject, trainer, data = set_up(model, x, y)
    run = trainer.train(data, (), 0, 200)
    assert run.curve[-1][0] == run.steps == 200
    assert 60 <= len(run.curve) <= 64
    assert [step for step, _ in run.path] == [50, 100, 150]
    assert run.fitted.shape == (90, 4)
    assert 0 < run.step_seconds < run.seconds / 100  # without compilation
    fit = trainer.loss(run.fitted, data.y)
    np.testing.assert_allclose(fit, -np.log(run.fitted[np.arange(90), data.y]).mean(), rtol=1e-5)
    assert abs(run.curve[-1][1] / fit - 1) < 0.2  # the last few batches
    weighted = subject.with_routine(Routine(weights=(5.0, 1.0, 1.0, 1.0))).trainer()
    share = np.where(data.y == 0, 5.0, 1.0)
    wanted = (-np.log(run.fitted[np.arange(90), data.y]) * share).mean()
    np.testing.assert_allclose(weighted.loss(run.fitted, data.y), wanted, rtol=1e-5)


def check_routine_is_replayed() -> None:
    """Rates step by step, and weights of classes, against loops by hand."""
    x, y = classes()
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.SGD(0.5), CROSSENTROPY)
    rates = ((0, 1.0), (2, 0.1), (5, 3.0))
    routine = Routine(rates=rates, reference=0.2, weights=(1.0, 0.0, 2.0, 1.0))
    given = Given(x, y, batch_size=9, shuffle=False)
    subject = recognize(model, given).with_routine(routine)
    data, trainer = split(subject.sample), subject.trainer()

    def by_hand(start: Any, factors: Any, weights: Any) -> Any:
        w, b = (np.array(v, np.float64) for v in start)
        for i, factor in enumerate(factors):
            rows = np.arange(i * 9, i * 9 + 9) % 90
            a, t = data.x[0][rows].astype(np.float64), np.eye(4)[data.y[rows]]
            z = np.exp(a @ w + b)
            slope = (z / z.sum(axis=1, keepdims=True) - t) * weights[data.y[rows]][:, None] / 9
            w, b = w - factor * a.T @ slope, b - factor * slope.sum(axis=0)
        return w, b

    weights = np.array([1.0, 0.0, 2.0, 1.0])
    for changes, factors, of in (
        ((), [0.2, 0.2, 0.02, 0.02, 0.02, 0.6, 0.6], weights),
        ((rate(3.0),), [0.6, 0.6, 0.06, 0.06, 0.06, 1.8, 1.8], weights),
        ((loop.CONSTANT,), [0.2] * 7, weights),
        ((restraint.UNWEIGHTED, loop.CONSTANT), [0.2] * 7, np.ones(4)),
    ):
        none = trainer.train(data, (*changes, rate(1e-9)), 0, 1).model.get_weights()
        start = [np.array(v) for v in none]
        found = trainer.train(data, changes, 0, 7).model.get_weights()
        for a, b in zip(found, by_hand(start, factors, of), strict=True):
            np.testing.assert_allclose(np.array(a), b, rtol=1e-3, atol=2e-4)
    assert "constant" in recognize(model, given).trainer().refuses((loop.CONSTANT,))


def check_compiled_loops() -> None:
    """Many steps as one program do what `fit` does, for each optimizer with its numbers."""
    x, y = classes()
    optimizers = (
        keras.optimizers.Adam(1e-2, global_clipnorm=0.5),
        keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, weight_decay=1e-3),
    )
    compiled.FASTER = 0  # however busy the machine is
    for optimizer in optimizers:
        inside = [layers.Dense(8, "tanh", kernel_regularizer="l2"), layers.BatchNormalization()]
        model = keras.Sequential([keras.Input((6,)), *inside, layers.Dense(4, "softmax")])
        model.compile(optimizer, CROSSENTROPY)
        _, trainer, data = set_up(model, x, y)
        native = trainer.train(data, (), 0, 70)
        assert native.executor == "in line, native"
        trainer.foresee(10**9)
        mine = trainer.train(data, (), 0, 70)
        assert mine.executor == "in line, compiled"
        # Rounding of float32, in another order of operations.
        np.testing.assert_allclose(mine.output, native.output, rtol=1e-2, atol=2e-3)
        assert abs(mine.loss - native.loss) < 1e-3
        assert [step for step, _ in mine.path] == [step for step, _ in native.path]


def check_compiled_recurrent_loops() -> None:
    """Layers that compute step of time by step of time, over more of them than are traced."""
    x, y = classes()
    x = np.repeat(x[:, :, None], 5, axis=1) * np.linspace(-1, 1, 30)[:, None]
    x = np.concatenate([x, np.cos(x)], axis=2).astype(np.float32)
    compiled.FASTER = 0  # however busy the machine is
    inside = [
        layers.SimpleRNN(4, return_sequences=True),
        layers.Bidirectional(layers.GRU(3, return_sequences=True)),
        layers.LSTM(5, go_backwards=True),
    ]
    model = keras.Sequential([keras.Input((30, 2)), *inside, layers.Dense(4, "softmax")])
    model.compile(keras.optimizers.Adam(1e-2), CROSSENTROPY)
    _, trainer, data = set_up(model, x, y)
    native = trainer.train(data, (), 0, 24)
    trainer.foresee(10**9)
    mine = trainer.train(data, (), 0, 24)
    assert mine.executor == "in line, compiled"
    # Rounding of float32, in another order of operations.
    np.testing.assert_allclose(mine.output, native.output, rtol=1e-2, atol=2e-3)
    assert abs(mine.loss - native.loss) < 1e-3
