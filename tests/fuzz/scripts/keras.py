"""Keras on PyTorch: fit, train_on_batch, callbacks."""

from hypothesis import strategies as st

from .ways import Lines, data_scale, ended, oddities, one, some

NETS = ("keras.Sequential([keras.Input((D,)), L.Dense(8, 'relu'), L.Dense(K, LAST)])", "keras.Sequential([L.Dense(8, 'tanh'), L.Dense(K, LAST)])",
    "keras.Sequential([keras.Input((D,)), L.Dense(8), L.BatchNormalization(), L.ReLU(), L.Dropout(0.2), L.Dense(K, LAST)])",
    "(lambda i: keras.Model(i, L.Dense(K, LAST)(L.Dense(8, 'relu', kernel_regularizer='l2')(i))))(keras.Input((D,)))", "keras.Sequential([keras.Input((D,)), L.Rescaling(0.1), L.Dense(K, LAST)])",
    "keras.Sequential([keras.Input((D,)), L.Lambda(lambda x: x * 2), L.Dense(K, LAST)])", "keras.Sequential([keras.Input((D,)), L.GaussianNoise(0.1), L.Dense(K, LAST)])")  # fmt: skip
TASKS = {
    "classes": (3, "np.random.randint(0, 3, N)", ("'softmax'", "None"), ("keras.losses.SparseCategoricalCrossentropy(from_logits=LAST is None)", "'sparse_categorical_crossentropy'")),
    "one-hot": (3, "np.eye(3)[np.random.randint(0, 3, N)]", ("'softmax'",), ("'categorical_crossentropy'", "'mse'", "keras.losses.CategoricalFocalCrossentropy()")),
    "numbers": (1, "x[:, :1] * 2", ("None",), ("'mse'", "'mae'", "keras.losses.Huber()", "lambda a, b: keras.ops.mean((a - b) ** 2)")),
    "binary": (1, "(x[:, :1] > 0).astype('f4')", ("'sigmoid'",), ("'binary_crossentropy'", "'hinge'")),
}  # fmt: skip
OPTIMIZERS = ("'adam'", "'sgd'", "'rmsprop'", "keras.optimizers.SGD(0.1, momentum=0.9)", "keras.optimizers.Adam(1e-8)", "keras.optimizers.SGD(1e5)", "keras.optimizers.AdamW(0.01, clipnorm=1.0)",
    "keras.optimizers.Nadam()", "keras.optimizers.Lion(0.01)", "keras.optimizers.SGD(keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))", "keras.optimizers.Adagrad()", "keras.optimizers.Ftrl()")  # fmt: skip
FITS = ("h = net.fit(x, y, epochs=2, verbose=0); print(h.history)", "h = net.fit(x, y, batch_size=8, epochs=2, validation_split=0.2, verbose=0); print(h.history)",
    "net.fit(x, y, epochs=3, verbose=0, shuffle=False, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: print(e, logs))])",
    "for i in range(3): print(net.train_on_batch(x[i * 8:i * 8 + 8], y[i * 8:i * 8 + 8]))", "net.fit(x, y, epochs=2, verbose=0, callbacks=[keras.callbacks.EarlyStopping('loss', patience=0)])",
    "net.fit(x, y, epochs=1, verbose=0, sample_weight=np.ones(N)); net.fit(x, y, epochs=1, verbose=0)", "net.fit(x, y, epochs=1, verbose=0, steps_per_epoch=2)",
    "net.fit(DataLoader(TensorDataset(torch.as_tensor(x), torch.as_tensor(y)), 8), epochs=2, verbose=0)", "net.fit(((x[i:i + 8], y[i:i + 8]) for i in range(0, 32, 8)), epochs=1, verbose=0)")  # fmt: skip
LEFT = ("print(sum(w.sum() for w in net.get_weights()))", "np.save('w.npy', net.get_weights()[0])", "print(net.predict(x[:3], verbose=0))", "print(net.evaluate(x, y, verbose=0))", "print(net.optimizer.iterations)",
    "print([w.path for w in net.weights])", "print(net.count_params(), net.built)", "print(keras.config.floatx(), keras.backend.backend())")  # fmt: skip


@st.composite
def fits(draw) -> str:
    """One fit, or steps."""
    k, targets, lasts, losses = TASKS[draw(one(TASKS))]
    metrics = draw(
        one(["", ", metrics=['accuracy']", ", run_eagerly=True", ", weighted_metrics=['mae']"])
    )
    lines = Lines(
        "import copy, pickle, random, sys; random.seed(0)",
        "import numpy as np, torch, keras",
        "from keras import layers as L",
        "from torch.utils.data import DataLoader, TensorDataset",
    )
    lines += draw(oddities("keras"))
    if draw(st.integers(0, 3)):
        lines += [f"keras.utils.set_random_seed({draw(st.integers(0, 9))})"]
    lines += [f"N, D, K, LAST = 40, {draw(st.integers(2, 5))}, {k}, {draw(one(lasts))}",
        f"x = {draw(data_scale('np.random.randn(N, D)'))}.astype('f4')".replace("= 0 *", "= 0.0 *"), f"y = {targets}", f"net = {draw(one(NETS))}",
        f"net.compile({draw(one(OPTIMIZERS))}, {draw(one(losses))}{metrics})", draw(one(FITS))]  # fmt: skip
    lines[-5] = _whole(lines[-5])
    lines += draw(some(LEFT, 3))
    lines += draw(ended())
    return lines.text


def _whole(line: str) -> str:
    """x = (…).astype('f4'), whatever stands there."""
    return "x = (" + line.removeprefix("x = ").removesuffix(".astype('f4')") + ").astype('f4')"
