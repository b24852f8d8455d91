"""Models, data and looks that the checks share."""

import re
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given
from unstuck.setups.untouched import untouched

BACKEND = keras.backend.backend()
# What a look is compared with need not be compiled: on JAX that is most of the time.
EAGER = {"run_eagerly": BACKEND == "jax"}
CROSSENTROPY = "sparse_categorical_crossentropy"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def classes(n: int = 120, features: int = 6, k: int = 4) -> tuple[Any, Any]:
    x = rng(1).normal(size=(n, features)).astype("float32")
    return x, (np.arange(n) * 7 % k).astype("int32")


def mlp(hidden: str = "tanh", output: str = "softmax", features: int = 6, k: int = 4) -> Any:
    model = keras.Sequential(
        [
            keras.Input((features,)),
            layers.Dense(5, hidden, name="hidden"),
            layers.Dense(k, output, name="output"),
        ]
    )
    draw = rng(2)
    model.set_weights([draw.normal(size=w.shape) * 0.7 for w in model.get_weights()])
    return model


def look(model: Any, x: Any, y: Any = None, **given: Any) -> Any:
    with untouched():
        subject = recognize(model, Given(x, y, **given))
        return subject, subject.observe(subject.sample.x, subject.sample.y)


def raises(kind: type[Exception], text: str, function: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=re.escape(text)) as caught:
        function()
    assert "Traceback" not in str(caught.value)


D = layers.Dense


def two_inputs() -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    x = layers.Concatenate()([layers.Dense(5, "relu")(a), layers.Dense(5)(b)])
    return keras.Model([a, b], layers.Dense(4, "softmax")(x))


def chain(shape: tuple[int, ...], *parts: Any, dtype: str | None = None) -> Any:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *parts])
