"""The sample of a Keras model: arrays, `tf.data`, `PyDataset`, torch `DataLoader`.

Reading leaves the data as they were: a `tf.data.Dataset` that shuffles or caches is read through
a replica of itself, since its own shuffling would go on from where a look left it; a `PyDataset`
and a loader's data set are indexed.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError, UsageError
from unstuck.subjects.sample import as_array, checked, refuse_generator, rows
from unstuck.subjects.subject import Given, Inputs, Sample

ORDERED = 4_096  # targets whose order is looked at
_WEIGHTS = "the data hold weights of the examples, which were left out"
_FIRST = "only the first {n} examples of the data were looked at"


@dataclass
class Read:
    """Examples read from data of any kind.

    Args:
        x: inputs as the model is called with them: an array, list or dict of arrays.
        y: targets; None if there are none.
        order: the first targets in their order.
        examples: in all; None if unknown.
        batch_size, shuffled: as far as the data say.
        limits: what was not looked at.
    """

    x: Any
    y: Any
    order: Any = None
    examples: int | None = None
    batch_size: int | None = None
    shuffled: bool | None = None
    limits: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Data:
    """The sample, and how the model is called with it.

    Args:
        pack: turns a tuple of inputs into what the model takes.
        dtypes: of the model's inputs; None where it takes them as they are.
        rows: of the embedding that an input goes to; None where it goes to none.
    """

    sample: Sample
    pack: Callable[[Any], Any]
    dtypes: tuple[str | None, ...]
    rows: tuple[int | None, ...]
    batch_size: int
    shuffled: bool | None
    limits: tuple[str, ...]


def read(given: Given, model: Any) -> Data:
    """The sample of what was given.

    Raises:
        UsageError: a generator, or data of a kind that Keras does not train on.
        DataError: no numbers, lengths that differ, nothing there, examples outside of batches.
    """
    found = _read(given.x, given.y, given.examples)
    arrays, names, pack = _flat(found.x, model)
    y = None if found.y is None else _target(found.y)
    checked(arrays, y)
    x_validation = y_validation = None
    if given.validation_data is not None:
        validation = given.validation_data
        pair = validation if isinstance(validation, tuple) else (validation, None)
        more = _read(pair[0], pair[1] if len(pair) > 1 else None, given.examples)
        x_validation = _flat(more.x, model)[0]
        y_validation = None if more.y is None else _target(more.y)
        checked(x_validation, y_validation, "validation")
        if len(x_validation) != len(arrays):
            raise DataError(
                f"the validation data have {len(x_validation)} inputs, the training data"
                f" {len(arrays)}",
                "the same number",
            )
    embedded = _embedded(model, names)
    sample = Sample(
        arrays,
        y,
        x_validation,
        y_validation,
        found.order,
        found.examples,
        names,
        tuple("values" if size is None else "ids" for size in embedded),
    )
    shuffled = found.shuffled if given.shuffle is None else given.shuffle
    return Data(
        sample,
        pack,
        _dtypes(model, names),
        embedded,
        given.batch_size or found.batch_size or 32,
        shuffled,
        tuple(found.limits),
    )


def _read(x: Any, y: Any, examples: int) -> Read:
    refuse_generator(x)
    for kind in type(x).__mro__:
        reader = _READERS.get((kind.__module__.split(".")[0], kind.__name__))
        if reader is not None:
            if y is not None:
                raise UsageError(
                    f"targets were given beside a {type(x).__name__}",
                    "data that yield pairs (x, y), or arrays",
                    "leave y out",
                )
            return reader(x, examples)
    if callable(x) and not hasattr(x, "shape"):
        raise UsageError(
            f"the data are a function ({getattr(x, '__name__', type(x).__name__)})",
            "arrays, a tf.data.Dataset, PyDataset or DataLoader",
            "call it, and hand over what it returns",
        )
    return _arrays(x, y, examples)


# --- Arrays. ---


def _arrays(x: Any, y: Any, examples: int) -> Read:
    if isinstance(x, tuple | list) and not _are_inputs(x):
        x = as_array(x, "the inputs")
    named = keras.tree.map_structure(lambda a: as_array(a, "the inputs"), x)
    parts = keras.tree.flatten(named)
    if isinstance(y, dict) or (isinstance(y, tuple | list) and _are_inputs(y) and len(y) > 1):
        raise UsageError(
            f"there are {len(y)} arrays of targets",
            "one: models of several outputs are not looked at as a whole",
            "diagnose one output at a time: keras.Model(model.inputs, model.outputs[0])",
        )
    targets = None if y is None else as_array(y, "the targets")
    n = checked(parts, targets)
    chosen = rows(n, examples)
    return Read(
        keras.tree.map_structure(lambda a: a[chosen], named),
        None if targets is None else targets[chosen],
        None if targets is None else targets[:ORDERED],
        n,
        shuffled=True,  # what fit does unless told otherwise
    )


def _are_inputs(values: Sequence[Any]) -> bool:
    """Whether a list holds arrays, one an input, as Keras takes it."""
    return bool(values) and all(hasattr(v, "shape") and len(v.shape) > 0 for v in values)


def _flat(x: Any, model: Any) -> tuple[Inputs, tuple[str, ...], Callable[[Any], Any]]:
    if isinstance(x, dict):
        keys = tuple(x)
        return tuple(x.values()), tuple(map(str, keys)), lambda a: dict(zip(keys, a, strict=True))
    if isinstance(x, tuple | list):
        expected = getattr(model, "inputs", None)
        if expected is not None and len(expected) != len(x):
            raise DataError(
                f"x is a list of {len(x)} arrays, and the model has {len(expected)} inputs",
                "one array for each input",
                "for a list of examples: np.stack(x)",
            )
        kind = type(x) if type(x) in (list, tuple) else list
        return tuple(x), tuple(f"x{i}" for i in range(len(x))), lambda a: kind(a)
    return (x,), ("x",), lambda a: a[0]


def _target(y: Any) -> NDArray[Any]:
    if isinstance(y, dict | list | tuple):
        parts = keras.tree.flatten(y)
        if len(parts) != 1:
            raise UsageError(
                f"the data yield {len(parts)} arrays of targets",
                "one: models of several outputs are not looked at as a whole",
                "diagnose one output at a time: keras.Model(model.inputs, model.outputs[0])",
            )
        y = parts[0]
    return as_array(y, "the targets")


# --- Data sets and loaders. ---


def _gathered(batches: Iterable[Any], limit: int) -> Read:
    """Batches put together until there are `limit` examples.

    Raises:
        DataError: elements that are no batches of (x), (x, y) or (x, y, weights).
    """
    xs: list[Any] = []
    ys: list[Any] = []
    seen, weighted, first = 0, False, None
    for batch in batches:
        parts = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
        if len(parts) > 3 or not parts:
            raise DataError(
                f"the data yield {len(parts)} parts", "(x, y), or (x, y, weights of the examples)"
            )
        weighted |= len(parts) == 3
        x = keras.tree.map_structure(lambda a: as_array(_dense(a), "the inputs"), parts[0])
        y = None
        if len(parts) > 1 and parts[1] is not None:
            y = _target(keras.tree.map_structure(_dense, parts[1]))
        lengths = {a.shape[:1] for a in (*keras.tree.flatten(x), *([] if y is None else [y]))}
        if len(lengths) != 1 or () in lengths:
            raise DataError(
                "the data yield single examples: inputs "
                + ", ".join(str(a.shape) for a in keras.tree.flatten(x))
                + ("" if y is None else f", targets {y.shape}"),
                "batches, with the examples along the first axis of both",
                "dataset.batch(32), or DataLoader(…, batch_size=32)",
            )
        xs.append(x)
        if y is not None:
            ys.append(y)
        size = len(keras.tree.flatten(x)[0])
        first, seen = first or size, seen + size
        if seen >= limit:
            break
    if not xs:
        raise DataError("the data are empty", "at least one batch")
    try:
        x = keras.tree.map_structure(lambda *a: np.concatenate(a)[:limit], *xs)
        y = np.concatenate(ys)[:limit] if ys else None
    except ValueError as error:
        raise DataError(
            f"the batches have different shapes: {error}", "examples of one shape in all batches"
        ) from None
    return Read(x, y, batch_size=first, limits=[_WEIGHTS] if weighted else [])


def _dense(value: Any) -> Any:
    """Sparse and ragged tensors as arrays."""
    for method in ("to_dense", "to_tensor"):
        if hasattr(value, method) and type(value).__name__ in ("SparseTensor", "RaggedTensor"):
            raise DataError(
                f"the data yield a {type(value).__name__}",
                "dense arrays",
                f"dataset.map(lambda x, y: (x.{method}(), y))",
            )
    return value.numpy() if hasattr(value, "numpy") else value


def _sampled(found: Read, examples: int, total: int | None) -> Read:
    """The first examples that were read, thinned to the sample."""
    n = len(keras.tree.flatten(found.x)[0])
    chosen = rows(n, examples)
    found.order = None if found.y is None else found.y[:ORDERED]
    found.x = keras.tree.map_structure(lambda a: a[chosen], found.x)
    found.y = None if found.y is None else found.y[chosen]
    found.examples = total
    if total is None or total > n:
        found.limits.append(_FIRST.format(n=n))
    return found


def _tf_data(dataset: Any, examples: int) -> Read:
    from unstuck.subjects.keras_tf_data import harmless

    readable, limits = harmless(dataset)
    limit = max(examples, min(ORDERED, 2 * examples))
    found = _gathered(readable, limit)
    batches = int(readable.cardinality())
    total = None if batches < 0 else batches * (found.batch_size or 1)
    n = len(keras.tree.flatten(found.x)[0])
    if n < limit or (total is not None and total - (found.batch_size or 1) < n):
        total = n  # all of it was read
    sampled = _sampled(found, examples, total)
    sampled.limits += limits
    return sampled


def _py_dataset(dataset: Any, examples: int) -> Read:
    batches = dataset.num_batches if hasattr(dataset, "num_batches") else len(dataset)
    if batches == 0:
        raise DataError("the PyDataset has no batches", "at least one")
    first = _gathered([dataset[0]], ORDERED)
    size = first.batch_size or 1
    wanted = max(1, -(-examples // size))
    count = wanted if batches is None else min(batches, wanted)
    indices = (
        np.arange(count)
        if batches is None or batches <= count
        else np.linspace(0, batches - 1, count).round().astype(int)
    )
    found = _gathered((dataset[int(i)] for i in indices), examples)
    found.order = found.y
    found.batch_size = size
    found.examples = None if batches is None else batches * size
    if batches == count:
        found.examples = len(keras.tree.flatten(found.x)[0]) if batches * size <= examples else None
    return found


def _loader(loader: Any, examples: int) -> Read:
    """A torch DataLoader, read by index through its data set, not through its sampler."""
    dataset, collate = loader.dataset, loader.collate_fn
    batch_size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    sampler = type(getattr(loader, "sampler", None)).__name__
    shuffled = {"RandomSampler": True, "SequentialSampler": False}.get(sampler)
    if not hasattr(dataset, "__len__") or not hasattr(dataset, "__getitem__"):
        refuse_generator(dataset)
        size = batch_size or 1
        found = _sampled(_gathered(_chunks(iter(dataset), size, collate), examples), examples, None)
        found.batch_size, found.shuffled = batch_size, None
        return found
    n = len(dataset)
    if n == 0:
        raise DataError("the loader's data set is empty", "at least one example")
    if batch_size is None:  # its elements are batches
        found = _gathered((collate(dataset[i]) for i in range(n)), examples)
        return _sampled(found, examples, None)
    chosen = rows(n, examples)
    found = _gathered(_chunks((dataset[int(i)] for i in chosen), 256, collate), examples)
    found.batch_size, found.shuffled, found.examples = batch_size, shuffled, n
    found.order = found.y
    return found


def _chunks(items: Iterable[Any], size: int, collate: Callable[[list[Any]], Any]) -> Iterable[Any]:
    chunk: list[Any] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield collate(chunk)
            chunk = []
    if chunk:
        yield collate(chunk)


# (package, class) -> how it is read
_READERS: dict[tuple[str, str], Callable[[Any, int], Read]] = {
    ("tensorflow", "DatasetV2"): _tf_data,
    ("keras", "PyDataset"): _py_dataset,
    ("torch", "DataLoader"): _loader,
}


# --- What the model wants. ---


def _dtypes(model: Any, names: tuple[str, ...]) -> tuple[str | None, ...]:
    """A functional model casts what enters it; a subclassed one takes it as it is."""
    inputs = getattr(model, "inputs", None)
    if inputs is None:
        return (None,) * len(names)
    by_name = {i.name: str(i.dtype) for i in inputs}
    in_order = [str(i.dtype) for i in inputs]
    if set(names) <= set(by_name):
        return tuple(by_name[name] for name in names)
    return tuple(in_order) if len(in_order) == len(names) else (None,) * len(names)


def _embedded(model: Any, names: tuple[str, ...]) -> tuple[int | None, ...]:
    """How many rows the embedding has that each input goes to; None where it goes to none."""
    layers = model._flatten_layers(include_self=False)
    inputs = getattr(model, "inputs", None)
    if inputs is None:
        first = next((layer for layer in layers if not layer._layers), None)
        size = getattr(first, "input_dim", None) if _is_embedding(first) else None
        return (size if len(names) == 1 else None,) * len(names)
    entering = {
        id(t): layer.input_dim
        for layer in layers
        if _is_embedding(layer)
        for node in layer._inbound_nodes
        for t in node.input_tensors
    }
    sizes = [entering.get(id(i)) for i in inputs]
    by_name = {i.name: size for i, size in zip(inputs, sizes, strict=True)}
    if set(names) <= set(by_name):
        return tuple(by_name[name] for name in names)
    return tuple(sizes) if len(sizes) == len(names) else (None,) * len(names)


def _is_embedding(layer: Any) -> bool:
    return isinstance(layer, keras.layers.Embedding)


def check_ids(data: Data) -> None:
    """Sees that the numbers handed to an embedding are rows of it.

    Raises:
        DataError: one is not; what a backend does of it is an error, a zero or another row.
    """
    for array, size in zip(data.sample.x, data.rows, strict=True):
        if size is None or not array.size:
            continue
        low, high = array.min(), array.max()
        if low < 0 or high >= size:
            raise DataError(
                f"an input is {low if low < 0 else high}, but the embedding has {size} rows",
                f"numbers 0 to {size - 1}",
                f"keras.layers.Embedding({int(high) + 1}, …)" if low >= 0 else "",
            )
