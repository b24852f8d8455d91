"""Nothing of the user's is changed, and nothing is compiled twice."""

import random
import sys
from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, CROSSENTROPY, EAGER, classes, look, mlp, raises
from unstuck.changes import optimizer
from unstuck.changes.loss import LOGITS
from unstuck.changes.normalization import NORMALIZED
from unstuck.cures.cure import cure
from unstuck.errors import UsageError
from unstuck.frameworks.keras.cure import built
from unstuck.frameworks.recognize import recognize
from unstuck.setups.subject import Given
from unstuck.setups.untouched import untouched


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


def check_built_layers_of_an_unbuilt_model_keep_their_weights() -> None:
    """An adapted normalization, and a base that was trained before, behind which layers are new."""
    x, y = classes()
    keras.utils.set_random_seed(5)
    normalization = layers.Normalization()
    normalization.adapt(x + 100)
    base = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu")])
    base.trainable = False
    model = keras.Sequential([normalization, base, layers.Dense(4, "softmax")])
    model.compile("adam", CROSSENTROPY, **EAGER)
    before = state_of(model)
    _, seen = look(model, x + 100, y)
    same(before, state_of(model))
    assert not model.built
    inside = [p for p in seen.parameters if not p.trainable]
    assert any(np.array_equal(p.value, np.asarray(base.weights[0])) for p in inside)
    hidden = base(keras.ops.convert_to_tensor(normalization(x + 100)))
    dense = np.asarray(keras.ops.convert_to_numpy(hidden))
    found = seen.layers[0].pre_activation
    np.testing.assert_allclose(np.maximum(found, 0), dense, rtol=1e-4, atol=1e-5)


def check_no_trace_on_a_model_of_built_parts() -> None:
    """Keras counts it as not built until it is called, though there is nothing to build."""

    class Joined(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu")])
            self.last = keras.Sequential([keras.Input((5,)), layers.Dense(4, "softmax")])

        def call(self, x: Any) -> Any:
            return self.last(self.first(x))

    x, y = classes()
    model = Joined()
    model.compile("adam", CROSSENTROPY, **EAGER)
    before = state_of(model)
    _, seen = look(model, x, y)
    same(before, state_of(model))
    assert not model.built
    np.testing.assert_array_equal(seen.parameters[0].value, model.first.weights[0])
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


def check_attributes_are_put_back() -> None:
    """What a model counts or keeps in Python goes on as if nobody had looked."""

    class Scales(layers.Layer):
        calls = 0

        def call(self, x: Any) -> Any:
            self.calls += 1
            self.latest = x
            return x * (1 + self.calls % 5)

    class Counts(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.scales = layers.Dense(4, "softmax"), Scales()
            self.calls, self.mode, self._seen = 0, "first", None

        def call(self, x: Any) -> Any:
            self.calls += 1
            self.mode, self._seen = f"call {self.calls}", self.calls
            return self.dense(self.scales(x))

    def kept(model: Any) -> tuple[Any, ...]:
        scales = model.scales
        return model.calls, model.mode, model._seen, scales.calls, scales.latest

    x, y = classes(64)
    ends = []
    for looked in (False, True):
        keras.utils.set_random_seed(5)
        model = Counts()
        model(x[:2])
        model.compile("adam", CROSSENTROPY, run_eagerly=True)
        before = kept(model)
        if looked:
            with untouched():
                subject = recognize(model, Given(x, y))
                subject.observe((x,), y)
                subject.gradient((x[:32],), y[:32])
                subject.hessian_product((x,), y)(subject.gradient((x,), y))
            after = kept(model)
            assert all(a is b for a, b in zip(before, after, strict=True)), (before, after)
        history = model.fit(x, y, epochs=2, verbose=0, batch_size=32).history
        ends.append((history, kept(model)[:4]))
    assert ends[0] == ends[1]


def check_no_trace_of_a_cure() -> None:
    """Optimizers that are made for a trial, an object or its code take no names of the script's."""
    x, y = classes()
    model = mlp()
    model.compile("sgd", CROSSENTROPY)
    subject = recognize(model, Given(x, y))
    before = random_states()
    for changes in ((optimizer.ADAM,), (NORMALIZED,), (LOGITS,)):
        built(subject, cure(changes))
        assert random_states() == before, changes


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
