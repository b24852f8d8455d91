"""What a look shows, against other ways to compute it."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, CROSSENTROPY, EAGER, classes, look, mlp, rng


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
# How they step is Keras's own code; how what they keep is stored is a backend's.
FEW = ("adam", "schedule", "decay")


def check_one_step() -> None:
    """The update is what `train_on_batch` does next, with the optimizer's state as it is."""
    x, y = classes()
    for name in STEPS if BACKEND == "torch" else FEW:
        for before in (0, 3) if name == "adam" else (2,):
            model = regularized()
            model.compile(STEPS[name](), CROSSENTROPY, **EAGER)
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


def check_warm_up() -> None:
    """A rate that rises later is told and stepped with as what it rises to."""

    class Inverse(keras.optimizers.schedules.LearningRateSchedule):  # no config of its own
        asked = 0

        def __call__(self, step: Any) -> Any:
            self.asked += 1
            step = keras.ops.cast(step, "float32")
            return 0.2 * keras.ops.minimum(keras.ops.rsqrt(step), step * 512**-1.5)

    class Fails(Inverse):
        def __call__(self, step: Any) -> Any:
            if keras.ops.convert_to_numpy(step) > 1_000:
                raise ValueError("out of steps")
            return super().__call__(step)

    x, y = classes()
    kinds = keras.optimizers.schedules
    for schedule, rate in (
        (kinds.CosineDecay(0.0, 100, warmup_target=0.01, warmup_steps=20), 0.01),
        (Inverse(), 0.2 * 512**-0.5),
        (Fails(), 0.0),
        (kinds.CosineDecay(0.005, 100, warmup_target=0.01, warmup_steps=20), 0.005),
        (kinds.ExponentialDecay(0.1, 2, 0.5), 0.1),
    ):
        model = mlp()
        model.compile(keras.optimizers.SGD(schedule), CROSSENTROPY, **EAGER)
        kept = dict(vars(schedule))
        subject, seen = look(model, x, y)
        np.testing.assert_allclose(subject.about.rule.learning_rate, rate, rtol=1e-5)
        np.testing.assert_allclose(
            seen.parameters[0].update, -rate * seen.parameters[0].gradient, rtol=1e-4, atol=1e-7
        )
        warms = rate in (0.01, 0.2 * 512**-0.5)
        assert any("warms up from 0 to" in limit for limit in subject.about.limits) == warms
        assert model.optimizer.learning_rate is not None
        assert {**vars(schedule), "asked": 0} == {**kept, "asked": 0}
        assert not model.optimizer.built
    cooled = keras.optimizers.SGD(kinds.CosineDecay(0.0, 40, warmup_target=0.01, warmup_steps=9))
    cooled.iterations.assign(45)
    assert look(mlp(), x, y, loss=CROSSENTROPY, optimizer=cooled)[0].about.rule.learning_rate < 1e-3


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
