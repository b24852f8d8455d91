"""Layers, precisions and losses of all kinds."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import (
    BACKEND,
    CROSSENTROPY,
    EAGER,
    D,
    chain,
    classes,
    look,
    mlp,
    rng,
    two_inputs,
)


class Residual(keras.Model):
    """Subclassed: functions as activations, a layer twice, one inside another."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = layers.Dense(6, name="enter")
        self.norm = layers.BatchNormalization()
        self.twice = layers.Dense(6, activation=keras.activations.gelu, name="twice")
        self.inside = keras.Sequential([layers.Dense(6, name="deep"), layers.ReLU()])
        self.leave = layers.Dense(4, name="leave")

    def call(self, x: Any, training: bool = False) -> Any:
        x = keras.ops.tanh(self.norm(self.enter(x), training=training))
        x = x + self.twice(self.twice(x))
        return keras.ops.softmax(self.leave(self.inside(x)))


class Scale(layers.Layer):
    """A layer of the user's own."""

    def build(self, shape: Any) -> None:
        self.weight = self.add_weight(shape=(shape[-1],), initializer="ones", name="weight")

    def call(self, x: Any) -> Any:
        return x * self.weight


def attention() -> Any:
    tokens = keras.Input((7,), dtype="int32")
    x = layers.Embedding(11, 8)(tokens)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(tokens, layers.Dense(4, "softmax")(layers.GlobalAveragePooling1D()(x)))


QUICK = {"recurrent_initializer": "glorot_uniform"}  # JAX compiles a long time for orthogonal ones
SHAPES = {"image": (8, 8, 3), "sequence": (7, 3), "tokens": (7,), "flat": (6,)}
# name: (inputs, model, [(kind, activation, seen)], activation of the output)
LAYERS: dict[str, tuple[str, Callable[[], Any], list[tuple[str, str, bool]], str]] = {
    "convolution": (
        "image",
        lambda: chain(
            (8, 8, 3),
            layers.Rescaling(1 / 255),
            layers.Conv2D(5, 3),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.MaxPooling2D(),
            layers.DepthwiseConv2D(3, activation="silu"),
            layers.Conv2D(4, 1),
            layers.GlobalAveragePooling2D(),
            layers.Softmax(),
        ),
        [
            ("Conv2D", "relu", True),
            ("DepthwiseConv2D", "silu", True),
            ("Conv2D", "softmax", True),
        ],
        "softmax",
    ),
    "normalization": (
        "flat",
        lambda: chain(
            (6,),
            layers.Normalization(mean=1.0, variance=4.0),
            D(5),
            layers.LayerNormalization(),
            layers.Activation("tanh"),
            layers.Dropout(0.2),
            D(5, use_bias=False),
            layers.GroupNormalization(1),
            layers.PReLU(),
            D(4),
            layers.Activation("softmax"),
        ),
        [("Dense", "tanh", True), ("Dense", "prelu", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "lstm": (
        "tokens",
        lambda: chain(
            (7,),
            layers.Embedding(11, 5),
            layers.LSTM(6, return_sequences=True, **QUICK),
            layers.Bidirectional(layers.GRU(3, **QUICK)),
            D(4, "softmax"),
        ),
        [
            ("Embedding", "unknown", False),
            ("LSTM", "unknown", False),
            ("Bidirectional", "unknown", False),
            ("Dense", "softmax", True),
        ],
        "softmax",
    ),
    "time distributed": (
        "sequence",
        lambda: chain(
            (7, 3),
            layers.TimeDistributed(D(5, "relu")),
            layers.Conv1D(4, 3, activation="elu"),
            layers.SimpleRNN(4, **QUICK),
            D(4, "softmax"),
        ),
        [
            ("TimeDistributed", "unknown", False),
            ("Conv1D", "elu", True),
            ("SimpleRNN", "unknown", False),
            ("Dense", "softmax", True),
        ],
        "softmax",
    ),
    "attention": (
        "tokens",
        attention,
        [
            ("Embedding", "unknown", False),
            ("MultiHeadAttention", "unknown", False),
            ("Dense", "softmax", True),
        ],
        "softmax",
    ),
    "two inputs": (
        "pair",
        two_inputs,
        [("Dense", "relu", True), ("Dense", "linear", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "subclassed": (
        "flat",
        Residual,
        [
            ("Dense", "tanh", True),
            ("Dense", "gelu", True),
            ("Dense", "gelu", True),
            ("Dense", "relu", True),
            ("Dense", "softmax", True),
        ],
        "softmax",
    ),
    "own layer": (
        "flat",
        lambda: chain((6,), D(5), layers.LeakyReLU(), Scale(), layers.ReLU(), D(4, "softmax")),
        [("Dense", "leaky_relu", True), ("Scale", "relu", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "layer as activation": (
        "flat",
        lambda: chain((6,), D(5, activation=layers.LeakyReLU()), D(4), layers.Softmax()),
        [("Dense", "leaky_relu", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "twice a softmax": (
        "flat",
        lambda: chain((6,), D(4, "softmax"), layers.Softmax()),
        [("Dense", "softmax", True), ("Softmax", "softmax", True)],
        "softmax",
    ),
    "own function": (
        "flat",
        lambda: chain((6,), D(5, activation=lambda z: keras.ops.tanh(z)), D(4, "softmax")),
        [("Dense", "tanh", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "no bias, one layer": (
        "flat",
        lambda: chain((6,), D(4, "softmax", use_bias=False)),
        [("Dense", "softmax", True)],
        "softmax",
    ),
    "recurrent last": (
        "sequence",
        lambda: chain((7, 3), layers.LSTM(4, activation="softmax", **QUICK)),
        [("LSTM", "unknown", False)],
        "unknown",
    ),
    "nested": (
        "flat",
        lambda: chain((6,), chain((6,), D(5), layers.ReLU()), chain((5,), D(4, "softmax"))),
        [("Dense", "relu", True), ("Dense", "softmax", True)],
        "softmax",
    ),
    "unbuilt": (
        "flat",
        lambda: keras.Sequential([D(5, "selu"), layers.BatchNormalization(), D(4, "softmax")]),
        [("Dense", "selu", True), ("Dense", "softmax", True)],
        "softmax",
    ),
}
# How layers are told from each other is Keras's own, the same on each backend: where programs are
# compiled, which takes long, those that a backend computes in its own way.
FEW = ("convolution", "normalization", "lstm", "attention", "two inputs", "subclassed", "unbuilt")


def inputs(kind: str, n: int = 40) -> Any:
    if kind == "tokens":
        return rng(4).integers(0, 11, (n, 7))
    if kind == "pair":
        return [rng(4).normal(size=(n, 3)), rng(5).normal(size=(n, 3))]
    if kind == "image":
        return rng(4).integers(0, 256, (n, 8, 8, 3), dtype="uint8")
    return rng(4).normal(size=(n, *SHAPES[kind])).astype("float32")


def check_layers() -> None:
    y = np.arange(40) % 4
    for name in LAYERS if BACKEND == "torch" else FEW:
        kind, make, expected, output = LAYERS[name]
        model = make()
        model.compile("sgd", CROSSENTROPY)
        x = inputs(kind)
        subject, seen = look(model, x, y)
        found = [(e.kind, e.activation, e.pre_activation is not None) for e in seen.layers]
        assert found == expected, (name, found)
        assert all(bool(e.unseen) == (e.pre_activation is None) for e in seen.layers), name
        assert len({e.name for e in seen.layers}) == len(seen.layers), name
        assert subject.about.output_activation == output, name
        assert seen.logits.shape == seen.output.shape == (40, 4), name
        if output == "softmax":
            e = np.exp(seen.logits - seen.logits.max(axis=1, keepdims=True))
            probabilities = e / e.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(probabilities, seen.output, atol=1e-4, err_msg=name)
            onehot = np.eye(4)[y]
            np.testing.assert_allclose(
                seen.logit_gradients, seen.output - onehot, atol=1e-4, err_msg=name
            )
        for p in seen.parameters:
            assert p.gradient.shape == p.update.shape == p.value.shape, (name, p.name)
        assert subject.sample.kinds == (
            ("ids",) if kind == "tokens" else ("values",) * len(subject.sample.x)
        ), name
        if name == "convolution":
            assert seen.layers[0].pre_activation.shape == (40 * 16, 5)
            assert [p.fan_in for p in seen.parameters if p.unit_axis is not None] == [27, 5]


def check_mixed_precision() -> None:
    x, y = classes()
    for policy in ("mixed_float16", "mixed_bfloat16"):
        keras.config.set_dtype_policy(policy)
        try:
            model = chain((6,), D(5, "relu"), D(4), layers.Activation("softmax", dtype="float32"))
            model.compile("adam", CROSSENTROPY)
        finally:
            keras.config.set_dtype_policy("float32")
        subject, seen = look(model, x, y)
        assert [e.activation for e in seen.layers] == ["relu", "softmax"], policy
        assert seen.layers[0].pre_activation.dtype == np.float32
        assert subject.about.rule.name == "adam"
        difference = seen.logit_gradients - (seen.output - np.eye(4)[y])
        assert np.abs(difference).max() < 0.02, policy


def check_losses() -> None:
    x, ids = classes()
    onehot, values = np.eye(4)[ids], x[:, :1]
    table: list[tuple[Any, Any, int, str, str, str]] = [
        ("categorical_crossentropy", onehot, 4, "softmax", "probabilities", "one-hot"),
        (keras.losses.CategoricalCrossentropy(True), onehot, 4, "linear", "logits", "one-hot"),
        ("binary_crossentropy", ids % 2, 1, "sigmoid", "probabilities", "binary"),
        (keras.losses.BinaryFocalCrossentropy(), onehot, 4, "sigmoid", "probabilities", "binary"),
        ("mse", values[:, 0], 1, "linear", "values", "values"),
        (keras.losses.Huber(), values, 1, "linear", "values", "values"),
        ("mae", values, 1, "linear", "values", "values"),
        (lambda a, b: keras.ops.abs(a - b), values, 1, "linear", "unknown", "unknown"),
        (lambda a, b: keras.ops.mean(a * b), values, 1, "linear", "unknown", "unknown"),
        ("crossentropy", ids, 4, "softmax", "probabilities", "ids"),
    ]
    few = (0, 1, 2, 4, 8)  # the others differ by Keras's own code, the same on each backend
    for loss, y, k, output, takes, targets in (
        table if BACKEND == "torch" else [table[i] for i in few]
    ):
        model = mlp("tanh", output, k=k)
        model.compile("sgd", loss)
        subject, seen = look(model, x, y)
        view = subject.about.loss
        assert (view.takes, view.targets) == (takes, targets), loss
        assert subject.about.output_activation == output, loss
        model.run_eagerly = True  # TensorFlow's graph now and then reports another value
        np.testing.assert_allclose(seen.loss, model.train_on_batch(x, y), rtol=1e-5)
        if seen.losses is not None:
            assert seen.losses.shape == (len(x),)
            np.testing.assert_allclose(seen.losses.mean(), seen.loss, rtol=1e-5)


def check_own_compute_loss() -> None:
    class Own(keras.Model):
        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # type: ignore[no-untyped-def]
            return 3.0 * super().compute_loss(x, y, y_pred, sample_weight)

    x, y = classes()
    entrance = keras.Input((6,))
    model = Own(entrance, D(4, "softmax")(D(5, "relu")(entrance)))
    model.compile("adam", CROSSENTROPY, **EAGER)
    _, seen = look(model, x, y)
    np.testing.assert_allclose(seen.loss, model.train_on_batch(x, y), rtol=1e-5)
