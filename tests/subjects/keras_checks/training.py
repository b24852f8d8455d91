"""Trials of a Keras set-up, and cures as code."""

import random
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import CROSSENTROPY, classes, rng
from unstuck.changes.change import changed
from unstuck.changes.initialization import HE
from unstuck.changes.input_clipping import CLIP
from unstuck.changes.input_scaling import LOG, PER_FEATURE, SPREAD
from unstuck.changes.loss_from_logits import LOGITS
from unstuck.changes.target_scaling import TARGETS
from unstuck.frameworks.keras.cure import built, built_of
from unstuck.frameworks.recognize import recognize
from unstuck.judging.yardstick import yardstick
from unstuck.changes.data import Data
from unstuck.setups.split import split
from unstuck.setups.settings import Settings
from unstuck.setups.subject import Given

BASE = Settings()


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
    measure = yardstick(subject.about, data, run.output.shape[1])
    return float(measure.value(run.output))


def check_trials_of_raw_pixels() -> None:
    """Equal seeds give equal trials; scaled inputs and logits learn, and nothing is touched."""
    x, y = digits()
    model = digits_net()
    model.fit(x[:64] / 255, y[:64], epochs=1, verbose=0)
    before = [np.array(v) for v in (*model.weights, *model.optimizer.variables)]
    subject, trainer, data = set_up(model, x, y)
    states = random.getstate(), np.random.get_state()[1].tolist()
    assert trainer.notes == ()  # it was trained, and that is drawn anew
    scaled = changed(data, (SPREAD,))
    first = trainer.train(data, BASE, 3, 60)
    again = trainer.train(data, BASE, 3, 60)
    np.testing.assert_array_equal(first.output, again.output)
    assert (first.steps, first.loss) == (60, again.loss)
    assert np.abs(trainer.train(data, BASE, 4, 60).output - first.output).max() > 0.1
    learnt = trainer.train(scaled, BASE, 3, 300)
    raw = accuracy(subject, data, trainer.train(data, BASE, 3, 150))
    assert accuracy(subject, data, learnt) > 0.85
    if keras.backend.backend() != "tensorflow":  # where nothing is clipped
        assert raw < 0.6, raw
        logits = trainer.train(data, Settings(logits=True), 3, 150)
        assert accuracy(subject, data, logits) > raw + 0.2
    after = [np.array(v) for v in (*model.weights, *model.optimizer.variables)]
    for a, b in zip(before, after, strict=True):
        np.testing.assert_array_equal(a, b)
    assert states == (random.getstate(), np.random.get_state()[1].tolist())
    own = recognize(learnt.model, Given(scaled.x[0], scaled.y))  # a run can be looked at
    assert own.about.loss.name == CROSSENTROPY


def check_settings_of_trials() -> None:
    x, y = classes()
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "relu"), layers.Dense(4, "softmax")]
    )
    model.compile(keras.optimizers.SGD(0.1), CROSSENTROPY)
    _, trainer, data = set_up(model, x, y)

    def start(settings: Settings, steps: int = 1) -> Any:
        run = trainer.train(data, settings, 0, steps)
        return run, [np.array(w) for w in run.model.get_weights()]

    # One step moves in proportion to the rate, from one start, whatever is changed.
    none, slow, fast = (start(Settings(rate=r))[1] for r in (1e-9, 0.01, 1.0))
    for w, a, b in zip(none, slow, fast, strict=True):
        np.testing.assert_allclose((b - w) * 0.01, a - w, rtol=0.02, atol=2e-6)
    logits = start(Settings(logits=True, rate=1e-9))[0].model
    assert keras.activations.serialize(logits.layers[-1].activation) == "linear"
    for w, b in zip(none, logits.get_weights(), strict=True):
        np.testing.assert_allclose(w, b, atol=1e-6)
    # The placebo differs by nothing but the order: over one whole epoch in one batch not at all.
    _, whole, data = set_up(model, x, y, batch_size=90)
    one, other = (whole.train(data, Settings(stream=s), 0, 1).output for s in (0, 1))
    np.testing.assert_allclose(one, other, atol=1e-5)
    one, other = (trainer.train(data, Settings(stream=s), 0, 9).output for s in (0, 1))
    assert np.abs(one - other).max() > 1e-4
    for settings in (
        Settings(optimizer="adam", epsilon=1e-3, clip=1.0, initial="lsuv", normalize=True),
        Settings(initial="he", activation="tanh", shuffle=False, unfreeze=True),
    ):
        assert trainer.refuses(settings) == ""
        run, _ = start(settings, 30)
        assert run.steps == 30
        assert np.isfinite(run.loss)
    assert "no ε" in trainer.refuses(Settings(epsilon=1e-3))
    assert "regression" in trainer.refuses(Settings(output="linear"))
    run = trainer.train(data, BASE, 0, 10**6, seconds=0.0)
    assert run.steps == 1
    diverged = trainer.train(data, Settings(rate=1e30), 0, 500)
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
    for was_trained in (False, True):
        if was_trained:
            model.fit(x, y, epochs=30, verbose=0)
        _, trainer, data = set_up(model, x, y)
        assert "base" in trainer.notes[0]
        assert "middle" not in trainer.notes[0]
        one, two = (trainer.train(data, BASE, seed, 1).model.get_weights() for seed in (0, 1))
        one, two = [np.array(w) for w in one], [np.array(w) for w in two]
        kept = [np.array_equal(a, b) for a, b in zip(one, two, strict=True)]
        assert kept[-6:] == [True, True, False, False, False, False]
        assert all(kept[:-6])  # of the normalization
        np.testing.assert_array_equal(one[-6], base.get_weights()[0])
    free = trainer.train(data, Settings(unfreeze=True), 0, 5).model.get_weights()
    assert not np.array_equal(free[-6], base.get_weights()[0])


@keras.saving.register_keras_serializable("unstuck-checks")
class Own(keras.Model):
    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.hidden, self.out = layers.Dense(32, "relu"), layers.Dense(10, "softmax")

    def call(self, x: Any) -> Any:
        return self.out(self.hidden(x))


def check_cures_as_code() -> None:
    """A cure's code runs as printed, and what it leaves learns as the cure's object does."""
    x, y = (a[::3] for a in digits())
    own = Own()
    own.compile("adam", CROSSENTROPY, metrics=["accuracy"])
    entrance = keras.Input((64,))
    hidden = layers.ReLU()(layers.Dense(32)(entrance))
    functional = keras.Model(entrance, layers.Softmax()(layers.Dense(10)(hidden)))
    functional.compile(keras.optimizers.Adam(2e-3), CROSSENTROPY, metrics=["accuracy"])
    for model, change in (
        (digits_net(), (PER_FEATURE, HE)),
        (functional, (CLIP, LOG, LOGITS)),
        (own, (SPREAD, LOGITS)),
    ):
        subject = recognize(model, Given(x, y))
        before = [np.array(w) for w in model.get_weights()]
        made = built(subject, change)
        names = {"model": model, "x": x, "y": y}
        exec(made.code, names)
        assert names["model"] is not model
        assert names["model"].predict_on_batch(x[:5]).shape == (5, 10)
        for cured in (names["model"], made.model) if model is own else (names["model"],):
            seen = cured.fit(x, y, epochs=8, batch_size=16, verbose=0)
            assert seen.history["accuracy"][-1] > 0.7, (made.code, seen.history)
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
    assert ".activation = keras.activations.linear" in made.code


def check_cure_of_targets() -> None:
    x = rng().normal(size=(200, 3))
    y = (x @ [1, 2, 3] + 500) * 1000
    model = keras.Sequential([keras.Input((3,)), layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    subject, trainer, data = set_up(model, x, y)
    data = changed(data, (TARGETS,))
    run = trainer.train(data, BASE, 0, 100)
    assert (
        yardstick(subject.about, split(subject.sample), 1).skill(
            float(
                np.sqrt(
                    np.mean((data.restored(run.output)[:, 0] - split(subject.sample).y_held) ** 2)
                )
            )
        )
        > 0.9
    )
    made = built_of(subject, data, BASE)
    assert set(made.arguments) == {"targets"}
    names = {"model": model, "x": x, "y": y}
    exec(made.code, names)
    assert abs(names["y"].mean()) < 0.2
    assert names["model"].fit(x, names["y"], epochs=20, verbose=0).history["loss"][-1] < 0.1
