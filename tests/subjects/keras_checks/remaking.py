"""Models of the user's own whose classes have no config, as those made with arguments."""

from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, rng
from unstuck.changes.activation import TANH
from unstuck.frameworks.keras.remaking import made_again
from unstuck.frameworks.recognize import recognize
from unstuck.setups.split import split
from unstuck.setups.subject import Given


class Autoencoder(keras.Model):
    """Sub-models, a list of layers, one that is used twice, a metric and a number."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.encoder = keras.Sequential([layers.Dense(8, "relu"), layers.Dense(size)])
        self.middle = [layers.Dense(size, "relu"), layers.Dense(size, "relu")]
        self.again = self.middle[0]
        self.decoder = keras.Sequential([layers.Dense(5)])
        self.tracker = keras.metrics.Mean(name="own")

    def call(self, x: Any) -> Any:
        x = self.encoder(x)
        for layer in (*self.middle, self.again):
            x = layer(x)
        return self.decoder(x) + 0 * self.size


def model() -> Any:
    made = Autoencoder(3)
    made.compile("adam", "mse")
    return made


def check_a_model_without_a_config_is_made_again() -> None:
    x = rng(0).normal(size=(4, 5)).astype("float32")
    for built in (False, True):
        user = model()
        if built:
            user(x)
        made = made_again(user)
        assert type(made) is Autoencoder
        assert made.again is made.middle[0]
        assert made.middle[0] is not user.middle[0]
        assert [type(a) for a in made._flatten_layers()] == [
            type(a) for a in user._flatten_layers()
        ]
        assert len(user.weights) == (10 if built else 0)
        assert made(x).shape == (4, 5)
        assert len(made.weights) == 10


def check_it_is_looked_at_and_tried() -> None:
    x = rng(0).normal(size=(200, 5)).astype("float32")
    for built in (False, True):
        user = model()
        if built:
            user(x[:1])
        before = [np.array(v) for v in user.weights]
        subject = recognize(user, Given(x, x))
        assert np.isfinite(subject.observe((x,), x).loss)
        if built and BACKEND != "torch":
            continue  # trials start from the class in either case
        trainer = subject.trainer()
        assert trainer.refuses(()) == "" == trainer.refuses((TANH,))
        run = trainer.train(split(subject.sample), (), 0, 20)
        assert run.curve[-1][1] < run.curve[0][1]
        assert len(user.weights) == len(before)
        assert all(np.array_equal(a, b) for a, b in zip(before, user.weights, strict=True))
