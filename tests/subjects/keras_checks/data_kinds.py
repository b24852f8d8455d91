"""Arrays, tf.data, PyDataset and torch loaders."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from subjects.keras_checks.parts import (
    BACKEND,
    CROSSENTROPY,
    classes,
    look,
    mlp,
    raises,
    two_inputs,
)
from unstuck.errors import DataError, UsageError


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


def check_py_dataset_is_left_as_it_was() -> None:
    x, y = classes(300)

    class Draws(keras.utils.PyDataset):
        def __init__(self, **held: Any) -> None:
            super().__init__()
            self.rng, self.read = np.random.default_rng(0), 0
            self.arrays, self.same = {"x": x, "y": [y]}, True
            vars(self).update(held)

        def __len__(self) -> int:
            return 10

        def __getitem__(self, i: int) -> Any:
            assert self.arrays["x"] is x  # no copy of it
            assert self.arrays["y"][0] is y
            self.read += 1
            rows = self.rng.integers(0, len(x), 30)
            return x[rows], y[rows]

    model = mlp()
    model.compile("adam", CROSSENTROPY)
    batches = Draws()
    state = batches.rng.bit_generator.state
    look(model, batches)
    assert (batches.read, batches.rng.bit_generator.state) == (0, state)
    uncopied = Draws(open=(i for i in range(3)))
    assert len(look(model, uncopied)[1].output) == 300
    assert uncopied.read > 0


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
    read = []

    def count(a: Any) -> Any:
        read.append(1)
        return a

    def made() -> Any:
        read.append(1)
        yield from zip(x, y, strict=True)

    specs = (tf.TensorSpec((6,), "float32"), tf.TensorSpec((), "int32"))
    generated = tf.data.Dataset.from_generator(made, output_signature=specs)
    calling: tuple[Any, ...] = (
        generated.batch(32),
        generated.shuffle(9).batch(32).map(lambda a, b: (a, b)).prefetch(2),
        source.map(lambda a, b: (tf.py_function(count, [a], "float32"), b)).batch(32),
        source.map(lambda a, b: (tf.numpy_function(count, [a], "float32"), b)).batch(32),
        source.flat_map(lambda a, b: generated.take(2)).batch(32),
        tf.data.Dataset.zip((source, generated)).map(lambda a, b: a).batch(32),
    )
    for dataset in calling:
        raises(UsageError, "calls Python", lambda d=dataset: look(mlp(), d, loss="mse"))
    assert not read
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
