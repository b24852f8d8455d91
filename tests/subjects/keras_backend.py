"""Checks of the Keras subject on the backend of KERAS_BACKEND; see `test_keras`.

    KERAS_BACKEND=jax python -m subjects.keras_backend OUT.pickle

Each function `check_…` is one test; what it returns is compared between the backends.
"""

import os
import pickle
import random
import re
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from unstuck.errors import DataError, UsageError
from unstuck.subjects.recognize import recognize
from unstuck.subjects.subject import Given
from unstuck.subjects.untouched import untouched

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


# --- Numbers. ---


def check_numbers() -> dict[str, Any]:
    """Everything of one observation, for the comparison with NumPy and between backends."""
    x, y = classes()
    model = mlp()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), CROSSENTROPY)
    subject, seen = look(model, x, y)
    v = rng(3).normal(size=sum(p.value.size for p in seen.parameters)).astype("float32")
    product = subject.hessian_product((x,), y)
    return {
        "x": x,
        "y": y,
        "v": v,
        "loss": seen.loss,
        "losses": seen.losses,
        "output": seen.output,
        "logits": seen.logits,
        "logit_gradients": seen.logit_gradients,
        "gradient": subject.gradient((x,), y),
        "product": product(v),
        "loss_after": seen.loss_after,
        "output_after": seen.output_after,
        **{f"value/{p.name}": p.value for p in seen.parameters},
        **{f"gradient/{p.name}": p.gradient for p in seen.parameters},
        **{f"update/{p.name}": p.update for p in seen.parameters},
        **{f"layer/{lay.name}": lay.pre_activation for lay in seen.layers},
    }


def check_about() -> None:
    x, y = classes()
    model = mlp("relu")
    model.compile(keras.optimizers.RMSprop(0.01, rho=0.8, momentum=0.3), CROSSENTROPY)
    subject, seen = look(model, x, y, batch_size=16)
    about = subject.about
    assert (about.framework, about.backend, about.batch_size) == ("keras", BACKEND, 16)
    assert (about.loss.name, about.loss.takes, about.loss.targets) == (
        CROSSENTROPY,
        "probabilities",
        "ids",
    )
    rule = about.rule
    assert (rule.name, rule.momentum, rule.rho, rule.beta_1) == ("rmsprop", 0.3, 0.8, None)
    np.testing.assert_allclose([rule.learning_rate, rule.epsilon], [0.01, 1e-7], rtol=1e-6)
    assert (about.output_activation, about.shuffled, about.elements) == ("softmax", True, 9)
    assert about.limits == ()
    assert [(p.layer, p.fan_in, p.unit_axis) for p in seen.parameters] == [
        ("hidden", 6, 1),
        ("hidden", None, None),
        ("output", 5, 1),
        ("output", None, None),
    ]


def check_raw_pixels() -> None:
    """Where the backend clips, saturated wrong examples get exactly no gradient."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    x = (x * 255 / 16).astype("uint8")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((64,)), layers.Dense(128, "relu"), layers.Dense(10, "softmax")]
    )
    model.compile("adam", CROSSENTROPY)
    _, seen = look(model, x, y)
    wrong = seen.logits.argmax(axis=1) != y
    zero = (seen.logit_gradients == 0).all(axis=1)
    share = (zero & wrong).sum() / wrong.sum()
    assert wrong.mean() > 0.5
    if BACKEND == "tensorflow":
        assert share == 0
        assert seen.loss > 20
    else:
        assert share > 0.5, share
        assert 10 < seen.loss < 16.2
    from_logits = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.layers[-1].activation = keras.activations.linear
    subject, seen = look(model, x, y, loss=from_logits)
    assert not (seen.logit_gradients == 0).all(axis=1)[wrong].any()
    assert subject.about.loss.takes == "logits"
    assert subject.about.output_activation == "linear"


def check_eager_tensorflow() -> None:
    """A softmax of TensorFlow itself is found in a graph alone, and is not disturbed."""
    if BACKEND != "tensorflow":
        return
    import tensorflow as tf

    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(4)

        def call(self, x: Any) -> Any:
            return tf.nn.softmax(self.dense(x))

    x, y = classes()
    for eager in (False, True):
        model = Own()
        model(x[:1])
        model.compile("sgd", CROSSENTROPY, run_eagerly=eager)
        model.set_weights([w * 200 + 3 for w in model.get_weights()])
        subject, seen = look(model, x, y)
        expected = model.train_on_batch(x, y)
        np.testing.assert_allclose(seen.loss, expected, rtol=1e-4)
        assert (seen.loss > 17) == (not eager), seen.loss
        assert subject.about.output_activation == "softmax"


STEPS: dict[str, Callable[[], Any]] = {
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "clipped": lambda: keras.optimizers.RMSprop(0.01, clipnorm=0.01, momentum=0.5),
    "schedule": lambda: keras.optimizers.Adam(
        keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    ),
    "decay": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1, use_ema=True),
    "adagrad": lambda: keras.optimizers.Adagrad(0.1),
}


def check_one_step() -> None:
    """The update is what `train_on_batch` does next, with the optimizer's state as it is."""
    x, y = classes()
    for name, make in STEPS.items():
        for before in (0, 3) if name == "adam" else (2,):
            model = regularized()
            model.compile(make(), CROSSENTROPY, **EAGER)
            for i in range(before):
                model.train_on_batch(x[i::3], y[i::3])
            _, seen = look(model, x, y)
            weights = [np.array(w) for w in model.get_weights()]
            model.reset_metrics()
            loss = model.train_on_batch(x, y)
            np.testing.assert_allclose(seen.loss, loss, rtol=1e-5, err_msg=name)
            moved = [a - b for a, b in zip(model.get_weights(), weights, strict=True)]
            for p, update in zip(seen.parameters, moved, strict=True):
                np.testing.assert_allclose(
                    p.update, update, rtol=1e-3, atol=2e-6, err_msg=f"{name} {before} {p.name}"
                )
            model.reset_metrics()
            np.testing.assert_allclose(
                seen.loss_after, model.test_on_batch(x, y), rtol=1e-4, err_msg=name
            )


def regularized() -> Any:
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5, "tanh", kernel_regularizer="l2", bias_constraint="non_neg"),
            layers.Dense(4, "softmax", activity_regularizer=keras.regularizers.L1(0.1)),
        ]
    )
    draw = rng(2)
    model.set_weights([draw.normal(size=w.shape) * 0.7 for w in model.get_weights()])
    return model


def check_held() -> None:
    """Frozen layers, and an optimizer that holds part of the variables or others."""
    x, y = classes()
    model = mlp()
    model.layers[0].trainable = False
    optimizer = keras.optimizers.Adam()
    model.compile(optimizer, CROSSENTROPY)
    optimizer.build([model.layers[1].kernel])
    subject, seen = look(model, x, y)
    assert [p.trainable for p in seen.parameters] == [False, False, True, True]
    assert [p.held for p in seen.parameters][2:] == [True, False]
    assert [p.update is None for p in seen.parameters] == [True, True, False, True]
    assert [p.gradient is None for p in seen.parameters] == [True, True, False, False]
    assert subject.gradient((x,), y).shape == (20,)
    assert subject.hessian_product((x,), y)(np.ones(20, "float32")).shape == (20,)
    elsewhere = keras.optimizers.Adam()
    elsewhere.build(mlp().trainable_variables)
    _, seen = look(model, x, y, optimizer=elsewhere)
    assert not any(p.held for p in seen.parameters)
    assert seen.output_after is None
    assert seen.loss_after is None
    model = mlp()
    model.trainable = False
    _, seen = look(model, x, y, loss=CROSSENTROPY)
    assert all(p.gradient is None for p in seen.parameters)


# --- No trace. ---


def stochastic() -> Any:
    """Every kind of state that a model can have."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.GaussianNoise(0.1),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(8, activity_regularizer="l2"),
            layers.LeakyReLU(),
            layers.Dense(4),
            layers.Softmax(),
        ]
    )
    model.compile(
        "adam", CROSSENTROPY, metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)]
    )
    return model


def state_of(model: Any) -> dict[str, Any]:
    numbers = keras.ops.convert_to_numpy
    state = {f"{i} {v.path}": numbers(v).copy() for i, v in enumerate(model.variables)}
    if model.optimizer is not None:
        optimizer = model.optimizer
        state |= {f"o{i}": numbers(v).copy() for i, v in enumerate(optimizer.variables)}
        state["optimizer"] = (optimizer.built, sorted(vars(optimizer)))
    state |= {f"m{i} {v.path}": numbers(v).copy() for i, v in enumerate(model.metrics_variables)}
    for i, layer in enumerate(model._flatten_layers()):
        inside = vars(layer)
        state[f"layer {i}"] = (layer.built, layer.trainable, list(inside), layer._called)
        state[f"lists {i}"] = (len(layer._losses), len(layer._loss_ids), layer._parent_path)
        state[f"activation {i}"] = id(inside.get("activation"))
        state[f"call {i}"] = ("call" in inside, id(inside.get("build")))
        if BACKEND == "torch":
            parameters = list(layer.parameters())
            state[f"torch {i}"] = [(p.requires_grad, p.grad is None) for p in parameters]
            state[f"hooks {i}"] = (layer.training, len(layer._forward_hooks))
    loss = model._compile_loss
    state["loss"] = loss is not None and (loss.built, len(loss.metrics))
    state["random"] = random_states()
    return state


def random_states() -> Any:
    from keras.src.backend.common import global_state
    from keras.src.random.seed_generator import global_seed_generator

    states: list[Any] = [keras.ops.convert_to_numpy(global_seed_generator().state).tolist()]
    states += [random.getstate(), [np.array(a).tolist() for a in np.random.get_state()[1:3]]]
    states.append(dict(global_state.get_global_attribute("object_name_uids") or {}))
    if "torch" in sys.modules:
        states.append(sys.modules["torch"].random.get_rng_state().tolist())
    if BACKEND == "tensorflow":
        from tensorflow.python.eager import context

        states.append(context.context()._rng.getstate())
    return states


def same(a: dict[str, Any], b: dict[str, Any]) -> None:
    assert a.keys() == b.keys()
    for key, value in a.items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, b[key], err_msg=key)
        else:
            assert value == b[key], key


def check_no_trace() -> None:
    x, y = classes(64)
    histories = []
    for looked in (False, True):
        keras.utils.set_random_seed(5)
        model = stochastic()
        model.fit(x, y, epochs=1, verbose=0, batch_size=32)
        keras.utils.set_random_seed(6)
        if looked:
            kept = x.copy(), y.copy()
            before = state_of(model)
            with untouched():
                subject = recognize(model, Given(x, y, validation_data=(x[:9], y[:9])))
                first = subject.observe((x,), y)
                second = subject.observe((x,), y)
                subject.gradient((x[:32],), y[:32])
                subject.hessian_product((x,), y)(subject.gradient((x,), y))
            same(before, state_of(model))
            np.testing.assert_array_equal(first.output, second.output)  # the same noise
            np.testing.assert_array_equal(x, kept[0])
            np.testing.assert_array_equal(y, kept[1])
        history = model.fit(x, y, epochs=2, verbose=0, batch_size=32).history
        histories.append((history, model.get_weights()))
    (history, weights), (after, weights_after) = histories
    assert history == after
    for a, b in zip(weights, weights_after, strict=True):
        np.testing.assert_array_equal(a, b)


def check_no_trace_before_training() -> None:
    """Compiled but never trained: loss and optimizer are not built by a look."""
    x, y = classes()
    keras.utils.set_random_seed(5)
    model = stochastic()
    before = state_of(model)
    _, seen = look(model, x, y)
    same(before, state_of(model))
    assert seen.output_after is not None
    assert not model.optimizer.built


def check_no_trace_on_an_unbuilt_model() -> None:
    x, y = classes()
    keras.utils.set_random_seed(5)
    model = keras.Sequential([layers.Dense(5, "relu"), layers.Dense(4, "softmax")])
    model.compile("adam", CROSSENTROPY, **EAGER)
    before = state_of(model)
    subject, seen = look(model, x, y)
    same(before, state_of(model))
    assert not model.built
    assert [p.update.shape for p in seen.parameters] == [(6, 5), (5,), (5, 4), (4,)]
    assert any("freshly drawn" in limit for limit in subject.about.limits)
    model.train_on_batch(x[:32], y[:32])


def check_no_trace_of_an_error() -> None:
    class Fails(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(4, "relu")
            self.failing = False

        def call(self, x: Any) -> Any:
            x = self.dense(x)
            if self.failing:
                raise RuntimeError("out of cheese")
            return x

    x, y = classes()
    model = Fails()
    model(x[:1])
    model.compile("adam", "mse")
    model.failing = True
    before = state_of(model)
    raises(UsageError, "out of cheese", lambda: look(model, x, y))
    same(before, state_of(model))


def check_compiled_once() -> None:
    """Other arrays of the same shape compile nothing, of whatever dtype they are."""
    x, y = classes()
    model = mlp()
    model.compile("adam", CROSSENTROPY)
    with untouched():
        subject = recognize(model, Given(x, y))
        for other in (x, x * 2, (x * 9).astype("int64"), x.astype("float64")):
            subject.observe((other,), y)
            subject.gradient((other[:32],), y[:32])
            product = subject.hessian_product((other[:64],), y[:64])
            product(subject.gradient((x,), y))
            product(subject.gradient((x,), y))
    names = ("_look", "_gradient", "_product") if BACKEND != "torch" else ()
    for name in names:
        function = getattr(subject._backend, name)
        if BACKEND == "jax":
            assert function._cache_size() == (2 if name == "_gradient" else 1), name
        if BACKEND == "tensorflow":
            traces = function.experimental_get_tracing_count()
            assert traces == (2 if name == "_gradient" else 1), name


# --- Layers. ---


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


def two_inputs() -> Any:
    a, b = keras.Input((3,), name="a"), keras.Input((3,), name="b")
    x = layers.Concatenate()([layers.Dense(5, "relu")(a), layers.Dense(5)(b)])
    return keras.Model([a, b], layers.Dense(4, "softmax")(x))


def attention() -> Any:
    tokens = keras.Input((7,), dtype="int32")
    x = layers.Embedding(11, 8)(tokens)
    x = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 4)(x, x))
    return keras.Model(tokens, layers.Dense(4, "softmax")(layers.GlobalAveragePooling1D()(x)))


def chain(shape: tuple[int, ...], *parts: Any, dtype: str | None = None) -> Any:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *parts])


D = layers.Dense
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
    for name, (kind, make, expected, output) in LAYERS.items():
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
    for loss, y, k, output, takes, targets in table:
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


# --- Data. ---


def check_arrays() -> None:
    x, y = classes(3_000)
    model = mlp()
    model.compile("adam", CROSSENTROPY)
    subject, _ = look(model, x, y, validation_data=(x[:50], y[:50]))
    sample = subject.sample
    assert (sample.x[0].shape, sample.y.shape, sample.order.shape) == (
        (2_048, 6),
        (2_048,),
        (3_000,),
    )
    assert (sample.examples, sample.x_validation[0].shape) == (3_000, (50, 6))
    assert look(model, x.tolist(), y.tolist())[1].logits.shape == (2_048, 4)
    assert look(model, x[:9], y[:9, None])[1].losses.shape == (9,)
    tensors = keras.ops.convert_to_tensor(x), keras.ops.convert_to_tensor(y)
    np.testing.assert_array_equal(look(model, *tensors)[0].sample.x[0], sample.x[0])
    pair = two_inputs()
    pair.compile("adam", CROSSENTROPY)
    a, b = x[:9, :3], x[:9, 3:]
    for given in ([a, b], (a, b), {"b": b, "a": a}):
        seen = look(pair, given, y[:9])[1]
        np.testing.assert_allclose(seen.output, pair.predict([a, b], verbose=0), atol=1e-5)


def check_py_dataset() -> None:
    x, y = classes(300)

    class Batches(keras.utils.PyDataset):
        epochs = 0

        def __len__(self) -> int:
            return 10

        def __getitem__(self, i: int) -> Any:
            return x[30 * i : 30 * i + 30], y[30 * i : 30 * i + 30]

        def on_epoch_end(self) -> None:
            self.epochs += 1

    model = mlp()
    model.compile("adam", CROSSENTROPY)
    batches = Batches()
    subject, seen = look(model, batches)
    assert (len(seen.output), subject.about.batch_size, batches.epochs) == (300, 30, 0)
    assert subject.about.shuffled is None
    assert len(look(model, batches, examples=50)[1].output) == 50


def check_tf_data() -> None:
    """A look leaves the dataset's shuffling where it was."""
    if BACKEND != "tensorflow":
        return
    import tensorflow as tf

    x, y = classes(300)
    source = tf.data.Dataset.from_tensor_slices((x, y))
    weighted = tf.data.Dataset.from_tensor_slices((x, y, np.ones(300)))
    makes: dict[str, Callable[[], Any]] = {
        "plain": lambda: source.batch(32),
        "shuffled": lambda: source.shuffle(300, seed=3).batch(32).prefetch(2),
        "mapped": lambda: source.shuffle(300, seed=3).map(lambda a, b: (2 * a, b)).batch(32),
        "parallel": lambda: (
            source.cache()
            .shuffle(300, seed=3)
            .batch(32, num_parallel_calls=2)
            .map(lambda a, b: (a + 1, b), num_parallel_calls=2)
            .repeat()
            .take(12)
        ),
        "weighted": lambda: weighted.shuffle(100, seed=3).batch(32, drop_remainder=True),
    }
    for name, make in makes.items():
        model = mlp()
        model.compile("adam", CROSSENTROPY)
        dataset, reference = make(), make()
        subject, seen = look(model, dataset)
        assert 280 <= len(seen.output) <= 384, (name, len(seen.output))
        assert subject.about.batch_size == 32
        assert subject.about.shuffled is None
        assert bool(subject.about.limits) == (name == "weighted"), (name, subject.about.limits)
        for _ in range(2):
            order = [b[1].numpy().tolist() for b in dataset]
            assert order == [b[1].numpy().tolist() for b in reference], name
    dataset = source.flat_map(lambda a, b: source.take(2)).shuffle(9, seed=1).window(4)
    raises(DataError, "_VariantDataset", lambda: look(mlp(), dataset, loss="mse"))
    raises(DataError, "single examples", lambda: look(mlp(), source, loss="mse"))


def check_loader() -> None:
    import torch
    from torch.utils.data import DataLoader, TensorDataset

    x, y = classes(300)
    data = TensorDataset(torch.tensor(x), torch.tensor(y))
    model = mlp()
    model.compile("adam", CROSSENTROPY)
    loader = DataLoader(data, batch_size=25, shuffle=True)
    subject, seen = look(model, loader)
    assert (len(seen.output), subject.about.batch_size, subject.about.shuffled) == (300, 25, True)
    np.testing.assert_array_equal(subject.sample.x[0], x)
    assert subject.sample.order.shape == (300,)
    loader = DataLoader(data, batch_size=25)
    assert look(model, loader)[0].about.shuffled is False
    raises(UsageError, "beside", lambda: look(model, loader, y))


# --- What cannot be looked at. ---


def raises(kind: type[Exception], text: str, function: Callable[[], Any]) -> None:
    with pytest.raises(kind, match=re.escape(text)) as caught:
        function()
    assert "Traceback" not in str(caught.value)


def check_bad_input() -> None:
    x, y = classes()
    compiled = mlp()
    compiled.compile("adam", CROSSENTROPY)
    bad: list[tuple[type[Exception], str, Callable[[], Any]]] = [
        (UsageError, "never compiled", lambda: look(mlp(), x, y)),
        (UsageError, "'crossentrophy'", lambda: look(mlp(), x, y, loss="crossentrophy")),
        (UsageError, "'adamm'", lambda: look(compiled, x, y, optimizer="adamm")),
        (DataError, "a target is 9", lambda: look(compiled, x, np.where(y == 3, 9, y))),
        (DataError, "a target is -1", lambda: look(compiled, x, y - 1)),
        (DataError, "one number a class", lambda: look(compiled, x, np.eye(4)[y])),
        (DataError, "whole numbers", lambda: look(compiled, x, y * 0.9)),
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


def main(out: str) -> None:
    keras.utils.set_random_seed(0)
    chosen = os.environ.get("CHECKS", "").split()
    results: dict[str, Any] = {}
    for name, check in list(globals().items()):
        if name.startswith("check_") and (not chosen or name in chosen):
            start = time.perf_counter()
            try:
                results[name] = ("passed", check())
            except Exception:
                results[name] = ("failed", traceback.format_exc(limit=-6))
            print(f"{name} {time.perf_counter() - start:.1f} s", flush=True)
    with open(out, "wb") as file:
        pickle.dump(results, file)


if __name__ == "__main__":
    main(sys.argv[1])
