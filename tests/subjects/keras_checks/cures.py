"""Cures: trial, object and code change the same quantity to the same value."""

from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import BACKEND, CROSSENTROPY, classes, rng
from unstuck.changes import (
    activation,
    capacity,
    epsilon,
    gradient_clipping,
    initialization,
    input_clipping,
    input_scaling,
    learning_rate,
    loop,
    loss,
    normalization,
    optimizer,
    output_activation,
    restraint,
    target_scaling,
    unfreezing,
)
from unstuck.changes.batch import BATCH_32
from unstuck.changes.change import changed
from unstuck.changes.finite import FINITE
from unstuck.changes.shuffling import SHUFFLED
from unstuck.changes.steps import longer
from unstuck.cures.cure import cure
from unstuck.cures.printed import Names, code
from unstuck.frameworks.keras.cure import built, printed
from unstuck.frameworks.recognize import recognize
from unstuck.setups.routine import Routine
from unstuck.setups.split import split
from unstuck.setups.subject import Given

TABLE = {
    "rate": (learning_rate.HIGHER[1],),
    "adam": (optimizer.ADAM, learning_rate.LOWER[0]),
    "sgd": (optimizer.SGD, gradient_clipping.CLIPPED),
    "epsilon": (epsilon.EPSILON,),
    "clipped": (gradient_clipping.CLIPPED,),
    "no penalty": (restraint.NO_PENALTY,),
    "no dropout": (restraint.NO_DROPOUT,),
    "statistics": (loop.STATISTICS,),
    "activation": (activation.LEAKY,),
    "logits and a rate": (loss.LOGITS, learning_rate.HIGHER[0]),
    "cross-entropy": (loss.CROSSENTROPY,),
    "wider": (capacity.WIDER,),
    "plain": (capacity.PLAIN,),
    "plain, from logits": (capacity.PLAIN, loss.LOGITS, optimizer.SGD),
    "normalized": (normalization.NORMALIZED, activation.RELU),
    "he": (initialization.HE,),
    "unfrozen": (unfreezing.UNFROZEN, optimizer.ADAM),
}
FEW = ("logits and a rate", "plain, from logits")  # where each is compiled
ALONE = ("logits and a rate", "activation", "no penalty", "normalized")  # activations alone


def network() -> Any:
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(12, "tanh", kernel_regularizer="l2"),
            layers.BatchNormalization(momentum=0.99),
            layers.Dropout(0.4),
            layers.Dense(7, kernel_initializer="random_normal", bias_initializer="ones"),
            layers.Activation("sigmoid"),
            layers.Dense(4, "softmax"),
        ]
    )


def functional() -> Any:
    x = z = keras.Input((6,))
    for _ in range(2):
        z = layers.ReLU()(layers.Dense(9, activity_regularizer="l2")(z))
    return keras.Model(x, layers.Softmax()(layers.Dense(4)(z)))


def quantities(model: Any) -> dict[str, Any]:
    """All numbers that a change may change."""
    own, compiled = model.optimizer, keras.losses.get(model.loss)
    config = own.get_config()
    inside = [x for x in model._flatten_layers() if not x._layers]
    inside = [x for x in inside if not isinstance(x, keras.layers.InputLayer)]
    inside = [x for x in inside if isinstance(x, keras.Layer)]
    return {
        "optimizer": type(own).__name__,
        **{k: _number(config.get(k)) for k in ("learning_rate", "epsilon", "weight_decay")},
        "clipped": [config[k] for k in ("clipnorm", "clipvalue", "global_clipnorm")],
        "loss": getattr(compiled, "name", getattr(compiled, "__name__", "")),
        "from logits": getattr(compiled, "_fn_kwargs", {}).get("from_logits", False),
        "layers": [
            (
                type(x).__name__,
                getattr(getattr(x, "activation", None), "__name__", "linear"),
                *(_number(getattr(x, k, None)) for k in ("units", "rate", "momentum")),
            )
            for x in inside
            if type(x).__name__ not in ("Softmax", "Activation", "ReLU")
            or getattr(getattr(x, "activation", None), "__name__", "") != "linear"
        ],
        "penalties": sum(v.regularizer is not None for v in model.trainable_variables)
        + sum(x.activity_regularizer is not None for x in inside),
        "trained": sum(v.trainable for v in model.weights),
    }


def _number(value: Any) -> Any:
    return float(f"{float(value):.3g}") if isinstance(value, int | float) else value


def executed(snippet: str, **names: Any) -> dict[str, Any]:
    assert "unstuck" not in snippet
    exec(snippet, names)
    return names


def check_trial_object_and_code_change_the_same() -> None:
    x, y = classes()
    for name in TABLE if BACKEND == "torch" else FEW:
        for made in (network, functional) if name in ALONE else (network,):
            model = made()
            if name == "unfrozen":
                model.layers[1].trainable = False
            adam = keras.optimizers.Adam(1.23e-3, epsilon=1e-3, weight_decay=0.01, clipvalue=2.0)
            model.compile(adam, CROSSENTROPY, metrics=["accuracy"])
            before = quantities(model)
            subject = recognize(model, Given(x, y))
            run = subject.trainer().train(split(subject.sample), TABLE[name], 0, 1)
            thing = built(subject, cure(TABLE[name]))
            assert quantities(model) == before
            done = executed(thing.code, model=model, x=x, y=y)
            of_trial = quantities(run.model)
            assert quantities(thing.model) == of_trial, (name, thing.code)
            assert quantities(done["model"]) == of_trial, (name, thing.code)
            if name != "he":
                assert of_trial != before, name
            history = done["model"].fit(x, done["y"], verbose=0).history
            assert np.isfinite(history["loss"]).all()
            assert list(history) == ["accuracy", "loss"], name


def check_starts_as_code() -> None:
    """Kernels drawn by another rule, with biases 0; on a model that is not built as well."""
    x, y = classes()
    for rule in (initialization.HE, initialization.GLOROT, initialization.LSUV):
        for front in ([keras.Input((6,))], []):
            if not front and rule is initialization.LSUV:
                continue
            model = keras.Sequential([*front, layers.Dense(200, "relu"), layers.Dense(4)])
            model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
            thing = built(recognize(model, Given(x, y)), cure((rule,)))
            snippet = thing.code
            done = executed(snippet, model=model, x=x, y=y)["model"]
            for a, b in zip(thing.model.get_weights(), done.get_weights(), strict=True):
                if rule is initialization.LSUV and a.shape[0] == 6:
                    np.testing.assert_allclose([(x @ a).std(), (x @ b).std()], 1, atol=0.1)
                elif rule is not initialization.LSUV:  # of some hundred weights
                    assert abs(a.std() / b.std() - 1) < 0.1 if a.ndim > 1 else not b.any()


def _before(model: Any) -> Any:
    """What enters the user's own model, which stands last in a cured one."""
    return model.layers[-1]._inbound_nodes[-1].input_tensors[0]


def check_data_as_code() -> None:
    """Inputs as the object's layers map them are those of the code, up to the figures of three
    quarters of the examples; what is held out is mapped by the same figures."""
    x = (rng(3).normal(size=(400, 6)) * [1, 10, 100, 1e3, 1, 0] + 7).astype("float32")
    y = (rng(4).normal(size=400) * 30 + 1000).astype("float32")
    scaled = (
        (input_scaling.PER_FEATURE, target_scaling.TARGETS),
        (input_scaling.STANDARD,),
        (input_scaling.SPREAD,),
        (input_scaling.CENTER,),
        (input_scaling.ROBUST,),
        (input_scaling.LOG, input_clipping.CLIP),
    )
    model = keras.Sequential([keras.Input((6,)), layers.Dense(1)])
    model.compile("sgd", "mse")
    subject = recognize(model, Given(x, y))
    for changes in scaled if BACKEND == "torch" else scaled[:1]:
        thing = built(subject, cure(changes))
        front = keras.Model(thing.model.inputs[0], _before(thing.model))
        mapped = np.asarray(front.predict_on_batch(x))
        names = Names(x_held="x_test", y_held="y_test")
        snippet = code(printed(subject, cure(changes), names))
        done = executed(snippet, model=model, x=x, y=y, x_test=x[:50], y_test=y[:50])
        assert (np.abs(done["x"] - mapped) < 0.2 * mapped.std()).mean() > 0.99, snippet
        np.testing.assert_array_equal(done["x"][:50], done["x_test"])
        if target_scaling.TARGETS in changes:
            assert abs(done["y"].mean()) < 1e-3
            np.testing.assert_array_equal(done["y"][:50], done["y_test"])
            assert "targets" in thing.arguments


def check_a_crossentropy_in_place_of_squared_error_leaves_probabilities() -> None:
    x = rng(5).normal(size=(200, 4)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("float32")
    for end in ("linear", "relu", "sigmoid", "tanh"):
        model = keras.Sequential([keras.Input((4,)), layers.Dense(8, "relu")])
        model.add(layers.Dense(1, end))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        subject = recognize(model, Given(x, y))
        run = subject.trainer().train(split(subject.sample), (loss.CROSSENTROPY,), 0, 20)
        done = executed(built(subject, cure((loss.CROSSENTROPY,))).code, model=model, x=x, y=y)
        cured = done["model"]
        assert type(cured.loss) is keras.losses.BinaryCrossentropy, end
        assert not cured.loss.get_config()["from_logits"]
        for output in (run.output, cured.predict(x, verbose=0)):
            assert 0 <= output.min() <= output.max() <= 1, end


def check_data_that_are_far_away() -> None:
    """Years in seconds, hours apart: float32 would make 0 of their differences."""
    x = (1.7e9 + rng().normal(size=(200, 2)) * 3600).astype("float64")
    y = x[:, 0] > x[:, 1]
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    subject = recognize(model, Given(x, y))
    thing = built(subject, cure((input_scaling.PER_FEATURE,)))
    assert thing.data is not None
    assert abs(thing.data.x[0].std() - 1) < 0.1  # no layer holds it
    done = executed(thing.code, model=model, x=x, y=y)
    assert abs(done["x"].std() - 1) < 0.1
    sick = np.where(np.arange(400).reshape(200, 2) < 7, np.nan, x)
    left = executed(built(recognize(model, Given(sick, y)), cure((FINITE,))).code, x=sick, y=y)
    assert np.isfinite(left["x"]).all()
    assert len(left["y"]) == 196


def check_inputs_of_many_kinds_as_code() -> None:
    a, b = keras.Input((3,), name="a"), keras.Input((1,), name="b", dtype="int32")
    z = layers.Concatenate()([layers.Dense(4)(a), layers.Flatten()(layers.Embedding(9, 2)(b))])
    model = keras.Model({"a": a, "b": b}, layers.Dense(1)(z))
    model.compile("adam", "mse")
    x = {"a": rng().normal(size=(90, 3)) * 50, "b": np.arange(90)[:, None] % 9}
    subject = recognize(model, Given(x, np.ones(90)))
    changes = (input_scaling.PER_FEATURE, normalization.NORMALIZED)
    done = executed(built(subject, cure(changes)).code, model=model, x=x)
    assert abs(done["x"]["a"].std() - 1) < 1e-3
    np.testing.assert_array_equal(done["x"]["b"], x["b"])
    done["model"].fit(done["x"], np.ones(90), verbose=0)
    assert abs(x["a"].std() - 50) < 5  # the script's own are not written to


def check_edits_of_calls() -> None:
    """What stands in a call is told as a change of that call, layers by their numbers."""
    x, y = classes()
    model = network()
    model.compile("adam", CROSSENTROPY)
    routine = Routine(epochs=5, weights=(1.0, 2.0, 1.0, 1.0))
    subject = recognize(model, Given(x, y)).with_routine(routine)

    def edits(*changes: Any) -> list[Any]:
        blocks = printed(subject, cure(changes), Names())
        return [
            (e.of, getattr(e, "name", ""), getattr(e, "value", "")) for b in blocks for e in b.edits
        ]

    assert edits(BATCH_32) == [("fit", "batch_size", "32")]
    assert edits(longer(4)) == [("fit", "epochs", "20")]
    assert edits(SHUFFLED) == [("fit", "shuffle", "True")]
    assert edits(restraint.UNWEIGHTED) == [("fit", "class_weight", "")]
    assert edits(learning_rate.HIGHER[0]) == [("optimizer", "learning_rate", "0.003")]
    assert edits(loss.LOGITS)[0] == ("layer 3", "activation", "")
    assert edits(loop.STATISTICS) == [("layer 1", "momentum", "0.9")]
    ((_, _, value),) = edits(restraint.BALANCED)
    np.testing.assert_allclose(list(eval(value, {"y": y, "np": np}).values()), 1)  # of 30 each
    assert ("layer 2", "bias_initializer", '"zeros"') in edits(initialization.HE)


def check_regressions_as_code() -> None:
    """An output that reaches every target; squared error in place of what is for classes."""
    x = rng().normal(size=(120, 6))
    for last, of, change in (
        (layers.Dense(1, "sigmoid"), "mse", output_activation.LINEAR),
        (layers.Dense(1, "sigmoid"), "binary_crossentropy", loss.SQUARED),
    ):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu"), last])
        model.compile("adam", of)
        subject = recognize(model, Given(x, x[:, :1] * 50))
        thing = built(subject, cure((change,)))
        done = executed(thing.code, model=model, x=x)["model"]
        assert quantities(done) == quantities(thing.model)
        assert done.layers[-1].activation is keras.activations.linear


def check_a_sigmoid_of_several_labels_as_code() -> None:
    """In place of a softmax, of labels of which any number may be right, or of a single one."""
    x = rng().normal(size=(120, 6))
    for y in ((x[:, :3] > 0).astype(int), (x[:, :1] > 0).astype(int)):
        last = layers.Dense(y.shape[1], "softmax")
        model = keras.Sequential([keras.Input((6,)), layers.Dense(5, "relu"), last])
        model.compile("adam", "binary_crossentropy")
        subject = recognize(model, Given(x, y))
        thing = built(subject, cure((output_activation.SIGMOID,)))
        done = executed(thing.code, model=model, x=x)["model"]
        assert quantities(done) == quantities(thing.model)
        assert done.layers[-1].activation is keras.activations.sigmoid
    ids = np.arange(120) % 2
    for y, last, of in (
        (np.eye(3, dtype=int)[np.arange(120) % 3], 3, "binary_crossentropy"),
        (ids, 2, "sparse_categorical_crossentropy"),  # zeros and ones, and yet ids
    ):
        model = keras.Sequential([keras.Input((6,)), layers.Dense(last, "softmax")])
        model.compile("adam", of)
        subject = recognize(model, Given(x, y))
        assert subject.trainer().refuses((output_activation.SIGMOID,))


def check_data_sets_as_code() -> None:
    """A `tf.data.Dataset` is mapped batch by batch, by figures of all its arrays."""
    if BACKEND != "tensorflow":
        return
    import tensorflow as tf

    x, y = classes()
    x = x * 100 + 50
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")])
    model.compile("adam", CROSSENTROPY)
    subject = recognize(model, Given(data))
    changes = (input_scaling.PER_FEATURE, SHUFFLED)
    done = executed(built(subject, cure(changes)).code, model=model, x=data)
    seen = np.concatenate([a for a, _ in done["x"]])
    assert abs(seen.std() - 1) < 1e-3
    assert len(seen) == len(x)
    assert not np.allclose(seen, np.concatenate([a for a, _ in done["x"]]))  # drawn anew
    arrays = printed(subject, cure(changes[:1]), Names(loader="data", x="x_train"))
    assert "x_train = (x_train - x_train_mean) / x_train_std" in code(arrays)


def check_a_trained_model_is_drawn_anew() -> None:
    x, y = classes()
    model = keras.Sequential([keras.Input((6,)), layers.Dense(4, "softmax")])
    model.compile("adam", CROSSENTROPY, metrics=["accuracy"])
    model.fit(x, y, verbose=0)
    thing = built(recognize(model, Given(x, y)), cure((learning_rate.HIGHER[0],)))
    done = executed(thing.code, model=model)["model"]
    assert done is not model
    assert not np.allclose(done.get_weights()[0], model.get_weights()[0])
    assert abs(float(done.optimizer.learning_rate) - 0.003) < 1e-8
    data = changed(split(recognize(model, Given(x, y)).sample), ())
    assert thing.data is not None
    np.testing.assert_array_equal(thing.data.y, data.y)
