"""Examples read from `tf.data`, `PyDataset` and torch `DataLoader`, which stay as they were."""

import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError, UsageError
from unstuck.setups.arrays_kept import arrays_kept
from unstuck.setups.sample import ORDERED, as_array, refuse_generator, rows

_WEIGHTS = "the data hold weights of the examples, which were left out"
_DEPTH = 3  # to which the arrays of a PyDataset are searched for
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


def target_of(y: Any) -> NDArray[Any]:
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
            y = target_of(keras.tree.map_structure(_dense, parts[1]))
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


def of_tf_data(dataset: Any, examples: int) -> Read:
    from unstuck.frameworks.keras.tf_data import harmless

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


def of_py_dataset(dataset: Any, examples: int) -> Read:
    """A PyDataset, read from a copy: getting a batch may draw numbers or count, or write into the
    arrays it is cut from."""
    with arrays_kept(dataset):
        return _of_copy(_copied(dataset), examples)


def _of_copy(dataset: Any, examples: int) -> Read:
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


def _copied(dataset: Any) -> Any:
    """A copy that shares arrays and models with it; itself where it cannot be copied."""
    try:
        memo = {id(value): value for value in _held(vars(dataset), _DEPTH) if _is_shared(value)}
        return copy.deepcopy(dataset, memo)
    except Exception:  # open files, locks, generators
        return dataset


def _held(value: Any, depth: int) -> Iterator[Any]:
    """What containers and objects refer to, down to a depth."""
    if isinstance(value, dict):
        parts: Iterable[Any] = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    else:
        parts = getattr(value, "__dict__", {}).values()
    for part in parts:
        yield part
        if depth > 1 and not _is_shared(part):
            yield from _held(part, depth - 1)


def _is_shared(value: Any) -> bool:
    """Arrays, tensors and tables, which may be large, and layers and models."""
    if isinstance(value, type):
        return False
    return hasattr(value, "shape") or isinstance(value, keras.Layer)


def of_loader(loader: Any, examples: int) -> Read:
    """A torch DataLoader, read by index through its data set, not through its sampler."""
    with arrays_kept(loader):
        return _by_index(loader, examples)


def _by_index(loader: Any, examples: int) -> Read:
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
