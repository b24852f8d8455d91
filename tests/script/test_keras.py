"""Keras under `unstuck run`, on each backend: nothing changes, and every training is seen.

One script trains in many ways; it is run with and without us, and each test looks at one thing.
"""

import json
from dataclasses import dataclass

import numpy as np
import pytest

from .running import Ended, python, unstuck_run, without

pytest.importorskip("keras")

SCRIPT = """\
import sys, threading
import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(1)
rng = np.random.default_rng(0)
x = rng.integers(0, 256, (320, 20)).astype("uint8")
y = ((x / 255.0 - 0.5) @ rng.normal(size=(20, 5))).argmax(1)
models = []

def made(*front, optimizer="adam"):
    model = keras.Sequential([*front, layers.Dense(16, activation="relu"), layers.Dropout(0.1),
                              layers.Dense(5, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    models.append(model)
    return model

raw = made(keras.Input((20,)), optimizer="sgd")
told = raw.fit(x, y, epochs=3, batch_size=16, verbose=0, validation_split=0.25)  # raw
print(told.history, told.epoch, raw.history is told, raw.optimizer.iterations.shape)

unbuilt = made(layers.Rescaling(1 / 127.5, offset=-1), optimizer=keras.optimizers.Adam(0.01))
print(unbuilt.fit(x, y, epochs=4, verbose=0, validation_data=(x[:50], y[:50])).history)  # scaled

for seed in range(2):
    again = made(keras.Input((20,)), layers.Rescaling(1 / 127.5, offset=-1))
    print(again.fit(x[:64], y[:64], epochs=2, verbose=0).history)  # loop

batches = made(keras.Input((20,)), layers.Rescaling(1 / 127.5, offset=-1))
for i in range(6):
    print(batches.train_on_batch(x[i * 32 : i * 32 + 32], y[i * 32 : i * 32 + 32]))  # batch

class Stops(keras.callbacks.Callback):
    def __init__(self, error):
        super().__init__()
        self.error = error
    def on_epoch_end(self, epoch, logs=None):
        raise self.error

try:
    made(keras.Input((20,))).fit(x, y, verbose=0, callbacks=[Stops(KeyboardInterrupt("user"))])
except KeyboardInterrupt as interrupt:
    print(repr(interrupt))

def generated():
    while True:
        yield x[:32] / 255.0, y[:32]

stream = made(keras.Input((20,)))
print(stream.fit(generated(), steps_per_epoch=3, epochs=2, verbose=0).history)  # generator

try:
    keras.Sequential([layers.Dense(1)]).fit(x, y)
except ValueError as error:
    print(str(error).splitlines()[0])

class Talks(layers.Dense):
    def call(self, inputs):
        print("called")
        return super().call(inputs)

talks = made(keras.Input((20,)), layers.Rescaling(1 / 255), Talks(8))
talks.fit(x[:64], y[:64], verbose=0)

threaded = made(keras.Input((20,)), layers.Rescaling(1 / 127.5, offset=-1))
def work():
    threaded.fit(x, y, epochs=2, verbose=0)  # thread
thread = threading.Thread(target=work)
thread.start()
thread.join()

print(np.random.rand(), float(keras.random.uniform(())), [layer.name for layer in raw.layers])
print(keras.Sequential([layers.Dense(1)]).name)
np.savez("weights.npz", *[w for model in models for w in model.get_weights()])
raw.fit(x, y, verbose=0, callbacks=[Stops(RuntimeError("at the end"))])
"""
LINES = {
    line.split("  # ")[1]: number
    for number, line in enumerate(SCRIPT.splitlines(), 1)
    if "  # " in line
}


# What a look might use up or move on, on the backends where it differs.
KEPT = """\
import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(1)
rng = np.random.default_rng(0)
x = rng.normal(size=(320, 20)).astype("float32")
y = (x @ rng.normal(size=(20, 5))).argmax(1)

def compiled(model, rate=1e-3, **options):
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", **options)
    return model

def made(rate=1e-3):
    front = layers.Dense(16, activation="relu")
    return compiled(
        keras.Sequential([keras.Input((20,)), front, layers.Dense(5, activation="softmax")]), rate
    )

class Draws(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.rng, self.read = np.random.default_rng(0), 0
    def __len__(self):
        return 10
    def __getitem__(self, i):
        self.read += 1
        rows = self.rng.integers(0, len(x), 32)
        return x[rows], y[rows]

drawn = Draws()
print(made().fit(drawn, epochs=2, verbose=0).history, drawn.read)  # drawn

class Counts(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense, self.count = layers.Dense(5, activation="softmax"), 0
    def call(self, x):
        self.count += 1
        return self.dense(x) * (1 + self.count % 3)

model = Counts()
model(x[:2])
compiled(model, run_eagerly=True)
print(model.fit(x, y, epochs=2, verbose=0).history, model.count)  # counts

rates = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1e-2, warmup_steps=20)
print(made(rates).fit(x, y, epochs=8, verbose=0).history)  # warm-up
"""
GENERATED = """import tensorflow as tf

left = iter([(x[i : i + 32], y[i : i + 32]) for i in range(0, 320, 32)])
def drained():
    yield from left
specs = tf.TensorSpec((None, 20), "float32"), tf.TensorSpec((None,), "int64")
once = tf.data.Dataset.from_generator(drained, output_signature=specs).prefetch(2)
print(made().fit(once, verbose=0).history)  # generated
"""


@dataclass(frozen=True)
class Both:
    plain: Ended
    seen: Ended
    weights: tuple
    subjects: dict  # line -> subject


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_keras(backend, tmp_path, tmp_path_factory):
    """The same script without and with us; one test a backend, so that workers run it once."""
    # On JAX as where TensorFlow is not installed, on PyTorch as where it is.
    given = {"KERAS_BACKEND": backend}
    if backend == "jax":
        given |= without("tensorflow", tmp_path_factory.mktemp("without"))
    if backend != "jax":
        pytest.importorskip(backend)
    (tmp_path / "train.py").write_text(SCRIPT)
    plain = python(tmp_path, "train.py", **given)
    files = {path.name for path in tmp_path.iterdir()}
    before = dict(np.load(tmp_path / "weights.npz"))
    options = ["--json", "o.json", "--sarif", "o.sarif"]
    seen = unstuck_run(tmp_path, *options, "train.py", **given)
    assert {path.name for path in tmp_path.iterdir()} == files | {"o.json", "o.sarif"}
    subjects = json.loads((tmp_path / "o.json").read_text())["subjects"]
    assert {s["backend"] for s in subjects} == {backend, None}
    weights = (before, dict(np.load(tmp_path / "weights.npz")))
    both = Both(plain, seen, weights, {s["where"]["line"]: s for s in subjects})
    check_nothing_changes(both)
    check_the_traceback_is_the_same(both)
    check_every_training_is_seen_before_its_first_step(both)
    check_a_loop_is_one_line_with_several_trainings(both)
    check_what_cannot_be_replayed_is_told_on_one_line(both)


def test_what_python_keeps_stays_as_it_is(tmp_path):
    pytest.importorskip("tensorflow")
    backend, script = "tensorflow", KEPT + GENERATED
    (tmp_path / "train.py").write_text(script)
    lines = {
        line.split("  # ")[1]: i for i, line in enumerate(script.splitlines(), 1) if "  # " in line
    }
    plain = python(tmp_path, "train.py", KERAS_BACKEND=backend)
    seen = unstuck_run(tmp_path, "--verbose", "--json", "o.json", "train.py", KERAS_BACKEND=backend)
    assert plain.status == 0, plain.err
    assert (seen.out, seen.status) == (plain.out, 0), seen.err
    subjects = {
        s["where"]["line"]: s for s in json.loads((tmp_path / "o.json").read_text())["subjects"]
    }
    assert all(not (s["report"] or {}).get("suspects") for s in subjects.values())
    assert "rate 0.01" in subjects[lines["warm-up"]]["report"]["setup"]["optimizer"]
    assert "the learning rate warms up from 0 to 0.01" in seen.err
    refused = {line for line, s in subjects.items() if s["refused"]}
    assert refused == {lines["generated"]}
    generated = subjects[lines["generated"]]
    assert "calls Python" in generated["refused"]
    assert generated["watched"][0]["witness"]["count"] == 1
    assert f"train.py, line {lines['generated']} is not looked at: " in seen.err
    assert "the script goes on" not in seen.err


def check_nothing_changes(both):
    assert both.seen.out == both.plain.out
    assert both.seen.status == both.plain.status == 1
    plain, seen = both.weights
    assert list(plain) == list(seen)
    for name, array in plain.items():
        assert array.tobytes() == seen[name].tobytes()


def check_the_traceback_is_the_same(both):
    def traceback(err):
        return err[err.rindex("Traceback") :]

    end = traceback(both.seen.err)
    assert traceback(both.plain.err) == end[: end.index("\nunstuck")]


def check_every_training_is_seen_before_its_first_step(both):
    raw, scaled = (both.subjects[LINES[name]] for name in ("raw", "scaled"))
    assert raw["report"]["suspects"][0]["name"] == "input-spread"
    assert raw["report"]["setup"]["batch size"] == "16"
    assert "240 of 240" in raw["report"]["setup"]["looked at"]
    assert raw["watched"][0]["witness"]["count"] == 3
    assert scaled["report"]["suspects"] == []
    assert scaled["state"] == "learning"
    assert "Suspected, not tested yet: inputs spread over far more" in both.seen.err


def check_a_loop_is_one_line_with_several_trainings(both):
    assert [t["witness"]["count"] for t in both.subjects[LINES["loop"]]["watched"]] == [2, 2]
    assert [t["witness"]["count"] for t in both.subjects[LINES["batch"]]["watched"]] == [6]
    assert both.subjects[LINES["thread"]]["watched"][0]["witness"]["count"] == 2


def check_what_cannot_be_replayed_is_told_on_one_line(both):
    refused = both.subjects[LINES["generator"]]
    assert "generator" in refused["refused"]
    assert refused["watched"][0]["witness"]["count"] == 2
    assert f"train.py, line {LINES['generator']} is not looked at" in both.seen.err
    assert "the script goes on" not in both.seen.err
