"""Real Keras 3 over the table, on the backend of KERAS_BACKEND; writes one .npz.

    KERAS_BACKEND=jax JAX_ENABLE_X64=1 python -m parity.keras_reference OUT.npz [whole]

Models, losses, optimizers, callbacks and draws are Keras's own. On JAX the whole table is run
through Keras's documented stateless functions, so that the gradients of all rows compile as
one program and the optimizer's step as another; `fit`, `train_on_batch` and `evaluate` run what
is left. Nothing of the package under test is imported.
"""

import json
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import dtypes

from parity import table

Results = dict[str, Any]
BACKEND = keras.backend.backend()


def build_optimizer(row: table.Optimizer) -> Any:
    name, arguments = row.theirs
    return getattr(keras.optimizers, name)(**arguments)


def build_loss(row: table.Loss, dtype: str = "float64") -> Any:
    return getattr(keras.losses, row.theirs)(dtype=dtype, **row.arguments)


def build_model(activation: str, output: str, dtype: str = "float64") -> Any:
    layers = [
        keras.Input((table.FEATURES,), dtype=dtype),
        keras.layers.Dense(table.HIDDEN, activation, dtype=dtype),
        keras.layers.Dense(table.OUTPUTS, output, dtype=dtype),
    ]
    return keras.Sequential(layers)


# --- Step for step. ---


@cache
def gradients(labels: table.Rows, dtype: str) -> tuple[list[Any], Any]:
    """The rows of loss and activation: their models, and all their losses and gradients at once."""
    import jax
    import jax.numpy as jnp

    rows = [(table.KERAS_LOSSES[loss], activation) for loss, activation in labels]
    models = [build_model(activation, loss.output, dtype) for loss, activation in rows]
    objectives = [build_loss(loss, dtype) for loss, _ in rows]

    @jax.jit
    def of_all(weights: Any, x: Any, targets: Any) -> Any:
        def one(i: int) -> Any:
            def value(w: Any) -> Any:
                output, _ = models[i].stateless_call(w, [], x)
                return objectives[i](targets[rows[i][0].target], output)

            return jax.value_and_grad(value)([w[i] for w in weights])

        found = [one(i) for i in range(len(rows))]
        return jnp.stack([v for v, _ in found]), [
            jnp.stack(g) for g in zip(*(g for _, g in found), strict=True)
        ]

    return models, of_all


def stateless(row: table.Optimizer, rows: table.Rows, dtype: str = "float64") -> tuple[Any, Any]:
    """One optimizer on every row: losses (rows, STEPS), parameters (rows, STEPS, PARAMETERS)."""
    import jax
    import jax.numpy as jnp

    models, gradients_of_all = gradients(rows, dtype)
    optimizer = build_optimizer(row)
    optimizer.build(models[0].trainable_variables)
    apply = jax.jit(jax.vmap(optimizer.stateless_apply))

    def stacked(a: Any) -> Any:
        return jnp.stack([jnp.asarray(a)] * len(models))

    data = table.data()
    weights = [stacked(np.asarray(w, dtype)) for w in table.weights()]
    variables = [stacked(v.value) for v in optimizer.variables]
    curves, paths = [], []
    for step in range(table.STEPS):
        targets = {
            kind: t[step] if kind == "ids" else t[step].astype(dtype)
            for kind, t in data.targets.items()
        }
        value, gradient = gradients_of_all(weights, data.scaled[step].astype(dtype), targets)
        weights, variables = apply(variables, gradient, weights)
        curves.append(value)
        paths.append(np.concatenate([np.reshape(w, (len(models), -1)) for w in weights], axis=1))
    return np.stack(curves, axis=1), np.stack(paths, axis=1)


def on_batches(model: Any, loss: Any, optimizer: Any, target: str) -> tuple[Any, Any]:
    """The table's batches through `compile` and `train_on_batch`."""
    model.compile(optimizer=optimizer, loss=loss)
    model.set_weights(table.weights())
    data = table.data()
    curve, path = [], []
    for step in range(table.STEPS):
        model.reset_metrics()  # or the loss returned is a mean over all batches so far
        curve.append(float(model.train_on_batch(data.scaled[step], data.targets[target][step])))
        path.append(table.flat(model.get_weights()))
    return np.array(curve), np.stack(path)


def full_table(whole: bool) -> Results:
    rows = table.rows(table.KERAS_LOSSES, whole)
    results: Results = {"rows": np.array(rows)}
    for name, row in table.KERAS_OPTIMIZERS.items():
        results[f"full/{name}/loss"], results[f"full/{name}/path"] = stateless(row, rows)
    for name, row in table.KERAS_DEFAULTS.items():
        results[f"defaults/{name}/loss"], results[f"defaults/{name}/path"] = stateless(
            row, table.default_rows(table.KERAS_LOSSES), "float32"
        )
    return results


def small_table() -> Results:
    results: Results = {}
    names = ("sgd", "adam") if BACKEND != "jax" else ("adam",)
    for name in names:
        for loss in table.small(name)[: 1 if BACKEND == "jax" else None]:
            row = table.KERAS_LOSSES[loss]
            curve, path = on_batches(
                build_model("relu", row.output),
                build_loss(row),
                build_optimizer(table.KERAS_OPTIMIZERS[name]),
                row.target,
            )
            results[f"small/{name}/{loss}/loss"] = curve
            results[f"small/{name}/{loss}/path"] = path
    return results


# --- The frozen plateau. ---


def logit_gradients(loss: Any, z: Any, y: Any) -> Any:
    """Per example, what the loss sends back to the softmax's input."""
    if BACKEND == "jax":
        import jax

        return jax.grad(lambda z: keras.ops.sum(loss(y, keras.ops.softmax(z))))(z)

    leaf = z.detach().requires_grad_()
    keras.ops.sum(loss(y, keras.ops.softmax(leaf))).backward()
    return leaf.grad


def plateau() -> Results:
    """Raw digits; the last state of the clipped runs is also looked at example by example."""
    x, y = table.digits()
    results: Results = {}
    for name, dtype in product(table.PLATEAUS, ("float64", "float32")):
        row = table.PLATEAUS[name]
        inputs = keras.Input((64,), dtype=dtype)
        z = keras.layers.Dense(16, "relu", dtype=dtype)(inputs)
        z = keras.layers.Dense(10, dtype=dtype)(z)
        p = keras.layers.Activation("softmax", dtype=dtype)(z)
        model = keras.Model(inputs, z if row.from_logits else p)
        kind = keras.losses.SparseCategoricalCrossentropy
        loss = kind(from_logits=row.from_logits, dtype=dtype)
        model.compile(optimizer=build_optimizer(row.optimizer), loss=loss)
        model.set_weights(table.plateau_weights())
        curve, path = [], []
        for rows in table.plateau_batches():
            model.reset_metrics()
            curve.append(float(model.train_on_batch(x[rows].astype(dtype), y[rows])))
            path.append(table.flat(model.get_weights()))
        prefix = f"plateau/{name}/{dtype}"
        results[f"{prefix}/loss"], results[f"{prefix}/path"] = np.array(curve), np.stack(path)
        if not row.from_logits:
            x_seen, y_seen = x[: table.PLATEAU_SEEN].astype(dtype), y[: table.PLATEAU_SEEN]
            logits = keras.Model(inputs, z)(x_seen)
            each = kind(reduction="none", dtype=dtype)
            results[f"{prefix}/losses"] = each(y_seen, keras.ops.softmax(logits))
            results[f"{prefix}/logits"] = logits
            results[f"{prefix}/logit_gradients"] = logit_gradients(each, logits, y_seen)
    return results


# --- Epochs, early stopping, draws, defaults. ---


def fits() -> Results:
    """`fit` for three epochs, each in the table's order, with what it reports."""
    results: Results = {}
    data = table.data()
    x_all = data.scaled.reshape(-1, table.FEATURES)
    y_all = data.targets["ids"].reshape(-1)
    for name, fit in table.FITS.items():
        x, y = x_all[: fit.examples], y_all[: fit.examples]
        held_out = (x_all[-100:], y_all[-100:]) if not fit.validation_split else None
        model = build_model("tanh", "softmax")
        model.compile(
            optimizer=build_optimizer(table.FIT_OPTIMIZER),
            loss=build_loss(table.KERAS_LOSSES["sparse_categorical_crossentropy_clipped"]),
            metrics=["accuracy"],
        )
        model.set_weights(table.weights())
        logs = []
        for epoch in range(table.FIT_EPOCHS):
            training = round(fit.examples * (1 - fit.validation_split))
            order = np.arange(fit.examples)
            order[:training] = table.fit_order(training, epoch)
            if fit.drop_remainder:
                order = order[: fit.examples // fit.batch_size * fit.batch_size]
            history = model.fit(
                x[order],
                y[order],
                batch_size=fit.batch_size,
                validation_split=fit.validation_split,
                validation_data=held_out,
                shuffle=False,
                verbose=0,
            ).history
            logs.append([history[k][0] for k in ("loss", "accuracy", "val_loss", "val_accuracy")])
        results[f"fit/{name}/logs"] = np.array(logs)
        results[f"fit/{name}/steps"] = np.array(int(model.optimizer.iterations))
        results[f"fit/{name}/weights"] = table.flat(model.get_weights())
    return results


def early_stopping() -> Results:
    """After how many epochs the real callback stops on each sequence; 0 if it does not."""
    results: Results = {}
    for name, sequence in table.VALIDATION_LOSSES.items():
        for patience in table.PATIENCES:
            callback = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience)
            callback.set_model(build_model("relu", "softmax"))
            callback.model.stop_training = False
            callback.on_train_begin()
            stopped = 0
            for epoch, value in enumerate(sequence):
                callback.on_epoch_end(epoch, {"val_loss": value})
                if callback.model.stop_training:
                    stopped = epoch + 1
                    break
            results[f"stopping/{name}/{patience}"] = np.array(stopped)
    return results


def draws() -> Results:
    results: Results = {}
    for name in table.KERAS_INITIALIZERS:
        initializer = keras.initializers.get(name)
        if hasattr(initializer, "seed"):
            initializer = type(initializer)(seed=1)
        results[f"draw/{name}"] = initializer(table.DRAWN, dtype="float32")
    keras.utils.set_random_seed(1)
    layer = keras.layers.Dense(table.DRAWN[1], dtype="float32")
    layer.build((None, table.DRAWN[0]))
    results["draw/Dense kernel"], results["draw/Dense bias"] = layer.get_weights()
    return results


def defaults() -> Results:
    configurations = {
        name: build_optimizer(row).get_config() for name, row in table.KERAS_DEFAULTS.items()
    }
    return {"defaults": np.array(json.dumps(configurations))}


# --- Where TensorFlow finds the logits. ---


def recoveries() -> Iterator[tuple[str, Callable[[], Any], dict[str, Any]]]:
    """Models that give the same probabilities in different ways, and how they are compiled."""
    import tensorflow as tf

    dense, softmax = keras.layers.Dense, "softmax"

    def chain(*layers: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: keras.Sequential(
            [keras.Input((table.FEATURES,)), *(layer() for layer in layers)]
        )

    def logits() -> Any:
        return dense(table.OUTPUTS)

    def probabilities(**more: Any) -> Callable[[], Any]:
        return lambda: dense(table.OUTPUTS, softmax, **more)

    def own(function: Callable[[Any], Any]) -> Callable[[], Any]:
        class Own(keras.Model):
            def __init__(self) -> None:
                super().__init__()
                self.dense = logits()

            def call(self, x: Any) -> Any:
                return function(self.dense(x))

        return Own

    eager = {"run_eagerly": True}
    yield "Dense(softmax)", chain(probabilities()), {}
    yield "Dense(softmax), eager", chain(probabilities()), eager
    yield "Dense(softmax), XLA", chain(probabilities()), {"jit_compile": True}
    yield "Activation(softmax)", chain(logits, lambda: keras.layers.Activation(softmax)), {}
    yield "Softmax()", chain(logits, keras.layers.Softmax), {}
    yield "keras.ops.softmax, own model", own(keras.ops.softmax), {}
    yield "tf.nn.softmax, own model", own(tf.nn.softmax), {}
    yield "tf.nn.softmax, own model, eager", own(tf.nn.softmax), eager
    yield "an idle Dropout after", chain(probabilities(), lambda: keras.layers.Dropout(0.0)), {}
    yield "a Reshape after", chain(probabilities(), lambda: keras.layers.Reshape((-1,))), {}
    yield "tf.identity after", own(lambda z: tf.identity(keras.ops.softmax(z))), {}
    yield "float32 layer, float64 loss", chain(probabilities(dtype="float32")), {}


def recovered() -> Results:
    """The loss of one batch at weights for which clipped and from-logits differ by far."""
    data, results = table.data(), {}
    kernel = table.recovery_kernel()
    for name, build, how in recoveries():
        for loss in ("sparse_categorical_crossentropy", "categorical_crossentropy"):
            model = build()
            model.compile(optimizer=keras.optimizers.SGD(0.0), loss=loss, **how)
            model(data.scaled[0][:1])
            model.set_weights([kernel, np.zeros(table.OUTPUTS)])
            y = data.targets["ids"][0]
            y = y if loss.startswith("sparse") else np.eye(table.OUTPUTS)[y]
            results[f"recovered/{name}/{loss}"] = np.array(model.train_on_batch(data.scaled[0], y))
    # The clipped numerics of TensorFlow itself, step for step: the logits are hidden.
    for loss in ("sparse_categorical_crossentropy_clipped", "categorical_crossentropy_clipped"):
        row = table.KERAS_LOSSES[loss]
        model = build_model("relu", row.output)
        model.add(keras.layers.Reshape((-1,)))
        curve, path = on_batches(
            model, build_loss(row), build_optimizer(table.KERAS_OPTIMIZERS["sgd"]), row.target
        )
        results[f"hidden/{loss}/loss"], results[f"hidden/{loss}/path"] = curve, path
    return results


PARTS: dict[str, list[Callable[[], Results]]] = {
    "jax": [small_table, plateau, fits, early_stopping, draws, defaults],
    "torch": [small_table, plateau],
    "tensorflow": [small_table, recovered],
}


def main(out: str, *how: str) -> None:
    keras.config.set_floatx("float64")
    # On JAX and PyTorch Keras computes means, tanh and a few more of float64 in float32 ("to be
    # aligned with JAX's default"). That entry of its promotion table is lifted, no formula is.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    results: Results = full_table("whole" in how) if BACKEND == "jax" else {}
    for part in PARTS[BACKEND]:
        results |= part()
    text = {k: v for k, v in results.items() if k in ("defaults", "rows")}
    arrays = {k: keras.ops.convert_to_numpy(v) for k, v in results.items() if k not in text}
    np.savez(out, **arrays, **text)


if __name__ == "__main__":
    main(*sys.argv[1:])
