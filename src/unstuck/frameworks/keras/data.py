"""The sample of a Keras model: arrays, `tf.data`, `PyDataset`, torch `DataLoader`.

Reading leaves the data as they were: a `tf.data.Dataset` that shuffles or caches is read through
a replica of itself, since its own shuffling would go on from where a look left it; a `PyDataset`
and a loader's data set are indexed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras

from unstuck.errors import DataError, UsageError
from unstuck.frameworks.keras.sets import (
    Read,
    of_loader,
    of_py_dataset,
    of_tf_data,
    target_of,
)
from unstuck.setups.sample import ORDERED, as_array, checked, refuse_generator, rows
from unstuck.setups.subject import Given, Inputs, Sample


@dataclass(frozen=True)
class Data:
    """The sample, and how the model is called with it.

    Args:
        pack: turns a tuple of inputs into what the model takes.
        dtypes: of the model's inputs; None where it takes them as they are.
        rows: of the embedding that an input goes to; None where it goes to none.
        kind: "tf.data", "PyDataset" or "DataLoader" of what yields batches; "" for arrays.
    """

    sample: Sample
    pack: Callable[[Any], Any]
    dtypes: tuple[str | None, ...]
    rows: tuple[int | None, ...]
    batch_size: int
    shuffled: bool | None
    limits: tuple[str, ...]
    kind: str = ""


def read(given: Given, model: Any) -> Data:
    """The sample of what was given.

    Raises:
        UsageError: a generator, or data of a kind that Keras does not train on.
        DataError: no numbers, lengths that differ, nothing there, examples outside of batches.
    """
    found = _read(given.x, given.y, given.examples)
    arrays, names, pack = _flat(found.x, model)
    y = None if found.y is None else target_of(found.y)
    checked(arrays, y)
    x_validation = y_validation = None
    if given.validation_data is not None:
        validation = given.validation_data
        pair = validation if isinstance(validation, tuple) else (validation, None)
        more = _read(pair[0], pair[1] if len(pair) > 1 else None, given.examples)
        x_validation = _flat(more.x, model)[0]
        y_validation = None if more.y is None else target_of(more.y)
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
        _kind(given.x),
    )


def _kind(x: Any) -> str:
    """Of what yields batches; "" for anything else."""
    of = {(k.__module__.split(".")[0], k.__name__) for k in type(x).__mro__}
    return next((name for name, (known, _) in _READERS.items() if known in of), "")


def _read(x: Any, y: Any, examples: int) -> Read:
    refuse_generator(x)
    kind = _kind(x)
    if kind:
        if y is not None:
            raise UsageError(
                f"targets were given beside a {type(x).__name__}",
                "data that yield pairs (x, y), or arrays",
                "leave y out",
            )
        return _READERS[kind][1](x, examples)
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


# kind -> its (package, class), and how it is read
_READERS: dict[str, tuple[tuple[str, str], Callable[[Any, int], Read]]] = {
    "tf.data": (("tensorflow", "DatasetV2"), of_tf_data),
    "PyDataset": (("keras", "PyDataset"), of_py_dataset),
    "DataLoader": (("torch", "DataLoader"), of_loader),
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
