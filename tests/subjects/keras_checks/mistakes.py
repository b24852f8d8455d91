"""What cannot be looked at is explained."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, CROSSENTROPY, D, chain, classes, look, mlp, raises
from unstuck.errors import DataError, UsageError


def check_bad_input() -> None:
    x, y = classes()
    compiled = mlp()
    compiled.compile("adam", CROSSENTROPY)
    bad: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (UsageError, "never compiled", lambda: look(mlp(), x, y)),
        (UsageError, "mean 'crossentropy'?", lambda: look(mlp(), x, y, loss="crossentrophy")),
        (UsageError, "mean 'mse'?", lambda: look(mlp(), x, y, loss=["msee"])),
        (UsageError, "mean 'adam'?", lambda: look(compiled, x, y, optimizer="adamm")),
        (UsageError, "see keras.losses", lambda: look(mlp(), x, y, loss="zzz")),
        (DataError, "one number a class", lambda: look(compiled, x, np.eye(4)[y])),
        (
            DataError,
            "one-hot",
            lambda: look(compiled, x, y, loss="categorical_crossentropy"),
        ),
        (DataError, "120 training examples but 119", lambda: look(compiled, x, y[1:])),
        (DataError, "text", lambda: look(compiled, x, y.astype(str))),
        (DataError, "Python objects", lambda: look(compiled, x, y.astype(object))),
        (DataError, "empty", lambda: look(compiled, x[:0], y[:0])),
        (DataError, "no targets", lambda: look(compiled, x)),
        (UsageError, "(120, 5)", lambda: look(compiled, x[:, :5], y)),
        (UsageError, "only once", lambda: look(compiled, iter([(x, y)]))),
        (UsageError, "a function", lambda: look(compiled, lambda: x, y)),
        (DataError, "2 arrays", lambda: look(compiled, [x, x], y)),
        (UsageError, "step", lambda: look(compiled, x, y, step=lambda m, b: 0)),
    ]
    outside = [("a target is 9", np.where(y == 3, 9, y)), ("a target is -1", y - 1)]
    for text, labels in outside:
        if BACKEND == "jax":  # computes a loss of them, which is looked at and tried
            look(compiled, x, labels)
        else:
            bad.append((DataError, text, lambda labels=labels: look(compiled, x, labels)))
    entrance = keras.Input((6,))
    two = keras.Model(entrance, [D(4)(entrance), D(4)(entrance)])
    bad.append((UsageError, "2 outputs", lambda: look(two, x, y, loss=["mse", "mse"])))
    embedding = chain((6,), layers.Embedding(3, 2), layers.Flatten(), D(4, "softmax"))
    ids = np.full((120, 6), 3)
    bad.append((DataError, "3 rows", lambda: look(embedding, ids, y, loss=CROSSENTROPY)))
    for kind, text, function in bad:
        raises(kind, text, function)
    nan = np.full_like(x, np.nan)
    assert np.isnan(look(compiled, nan, y)[1].loss)
    assert np.isfinite(look(compiled, x, np.zeros_like(y))[1].loss)  # one class
