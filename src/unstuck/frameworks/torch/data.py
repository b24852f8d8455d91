"""The sample of torch subjects: tensors, arrays, data sets, loaders, batches of any structure.

A loader is not iterated, since its sampler would draw from the user's generator: its data set is
read by index and put together by its own `collate_fn`, each of them a copy (`apart`).
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils import data
from torch.utils._pytree import tree_flatten_with_path, tree_unflatten

from unstuck.errors import DataError, UsageError
from unstuck.frameworks.torch.apart import NotCopied, apart, copied
from unstuck.setups.arrays_kept import arrays_kept
from unstuck.setups.sample import ORDERED, as_array, checked, of_numbers, refuse_generator, rows
from unstuck.setups.subject import Given, Inputs, Sample

# Reading stops then, with at least one batch: a data set that decodes images takes 50 ms an item,
# and people wait for their first step.
PATIENCE_S = 5.0
# Whether a sampler shuffles; any other may do either.
_SHUFFLES = {
    "RandomSampler": True,
    "SubsetRandomSampler": True,
    "WeightedRandomSampler": True,
    "SequentialSampler": False,
}


@dataclass(frozen=True, eq=False)
class Structure:
    """How a batch is built of arrays.

    Args:
        spec: of the batch as a tree.
        leaves: one a leaf: the object itself where it is no array, else None.
        arrays: places of the leaves that are inputs.
        y: place of the targets; None if they cannot be told from the inputs.
    """

    spec: Any
    leaves: tuple[Any, ...]
    arrays: tuple[int, ...]
    y: int | None

    def batch(self, x: Iterable[Any], y: Any) -> Any:
        """The batch with these inputs and targets."""
        leaves = list(self.leaves)
        for place, value in zip(self.arrays, x, strict=True):
            leaves[place] = value
        if self.y is not None:
            leaves[self.y] = y
        return tree_unflatten(leaves, self.spec)


@dataclass(frozen=True, eq=False)
class _Read:
    """One part of the data: a batch of the examples that are looked at, and what is around it."""

    batch: Any
    order: NDArray[Any] | None = None
    examples: int | None = None
    batch_size: int | None = None
    shuffled: bool | None = None
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TorchData:
    """A sample, how batches are built of it, and what the loader says of training."""

    sample: Sample
    structure: Structure
    batch_size: int | None
    shuffled: bool | None
    limits: tuple[str, ...]


def read(given: Given, step: bool) -> TorchData:
    """The sample of what was given.

    Args:
        step: whether a step takes whole batches, of any structure.

    Raises:
        DataError, UsageError: nothing there, lengths that differ, an iterator, no targets.
    """
    with arrays_kept(given.x, given.validation_data):
        return _sample(given, step)


def _sample(given: Given, step: bool) -> TorchData:
    part = _read(given.x, given.y, given, step)
    structure, x, y, names = _taken_apart(part.batch, step)
    checked(x, y)
    x_validation, y_validation = None, None
    if given.validation_data is not None:
        v = given.validation_data
        v_x, v_y = v if isinstance(v, (tuple, list)) and len(v) == 2 else (v, None)
        validation = _read(v_x, v_y, given, step)
        _, x_validation, y_validation, _ = _taken_apart(validation.batch, step)
        if len(x_validation) != len(x):
            raise UsageError(
                f"the validation data have {len(x_validation)} inputs",
                f"{len(x)}, as in the training data",
            )
        checked(x_validation, y_validation, "validation")
    order = part.order if part.order is not None or y is None else y[:ORDERED]
    kinds: list[Literal["values", "ids"]] = ["values" for _ in x]
    sample = Sample(x, y, x_validation, y_validation, order, part.examples, names, tuple(kinds))
    return TorchData(sample, structure, part.batch_size, part.shuffled, part.limits)


def _read(x: Any, y: Any, given: Given, step: bool) -> _Read:
    refuse_generator(x)
    if isinstance(x, data.DataLoader):
        return _loader(x, given.examples)
    if isinstance(x, data.Dataset):
        read = _loader(data.DataLoader(x, batch_size=given.batch_size or 32), given.examples)
        return _Read(read.batch, read.order, read.examples, None, None, read.limits)
    if y is not None:
        return _arrays(x, y, given.examples)
    if callable(x) and not hasattr(x, "__len__"):
        wanted = "one without arguments that makes a generator of batches (inputs, targets)"
        try:
            made = x()
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            raise UsageError(f"the function of the data raised {told}", wanted) from error
        if isinstance(made, dict | tuple | str) or not hasattr(made, "__iter__"):
            raise UsageError(f"the function of the data gave a {type(made).__name__}", wanted)
        return _batches(iter(made), given.examples)
    if step and isinstance(x, (tuple, dict)):
        return _one_batch(x, given.examples)
    plain = isinstance(x, (np.ndarray, torch.Tensor, dict, tuple, str)) or hasattr(x, "to_numpy")
    if x is not None and not plain and hasattr(x, "__iter__"):
        return _batches(iter(x), given.examples)
    raise UsageError(
        "no data were given" if x is None else "no targets were given",
        "diagnose(model, x, y), or a DataLoader that yields (inputs, targets)",
    )


def _arrays(x: Any, y: Any, examples: int) -> _Read:
    if isinstance(x, list):
        inputs = all(hasattr(part, "__len__") and len(part) == len(y) for part in x)
        x = tuple(x) if inputs and len(x) != len(y) else as_array(x, "the inputs")
    leaves, spec = tree_flatten_with_path(x if isinstance(x, (tuple, dict)) else (x,))
    parts = [_array(leaf, "the inputs") for _, leaf in leaves]
    targets = _array(y, "the targets")
    _check_lengths(parts, targets)
    n = len(targets)
    chosen = rows(n, examples)
    inputs = tree_unflatten([_taken(part, chosen) for part in parts], spec)
    batch = (inputs if isinstance(x, (tuple, dict)) else inputs[0], _taken(targets, chosen))
    return _Read(batch, _taken(targets, np.arange(min(n, ORDERED))), n)


def _one_batch(batch: Any, examples: int) -> _Read:
    leaves, spec = tree_flatten_with_path(batch)
    arrays = [a for _, a in leaves if _is_array(a)]
    _check_lengths(arrays, None)
    n = len(arrays[0])
    chosen = rows(n, examples)
    taken = [_taken(a, chosen) if _is_array(a) else a for _, a in leaves]
    return _Read(tree_unflatten(taken, spec), examples=n)


def _loader(loader: Any, examples: int) -> _Read:
    dataset, sampler = loader.dataset, loader.sampler
    kind = type(sampler).__name__
    batch_size = loader.batch_size or getattr(loader.batch_sampler, "batch_size", None)
    if loader.batch_size is None:  # a batch sampler has the sampler inside, if there is one
        kind = type(getattr(loader.batch_sampler, "sampler", None)).__name__
    shuffled = _SHUFFLES.get(kind, getattr(sampler, "shuffle", None))
    limits: tuple[str, ...] = ()
    if kind == "WeightedRandomSampler":
        limits = ("the loader draws examples by weight; the sample is of the data as stored",)
    if isinstance(dataset, data.IterableDataset):
        return _stream(loader, examples, batch_size, limits)
    indices = getattr(sampler, "indices", None)
    n = len(dataset if indices is None else indices)  # which may be more than an array has room for
    _check_any(range(n))
    chosen, ordered = rows(n, examples), np.arange(min(n, ORDERED))
    if indices is not None:
        chosen, ordered = np.asarray(indices)[chosen], np.asarray(indices)[ordered]
    if isinstance(dataset, data.TensorDataset) and loader.collate_fn is data.default_collate:
        batch = [_taken(t, chosen) for t in dataset.tensors]
    else:
        with apart(dataset, loader.collate_fn) as (source, collate):
            if loader.batch_size is None and loader.batch_sampler is None:  # items are batches
                read = _batches((collate(source[i]) for i in chosen), examples)
                return _Read(read.batch, None, None, None, shuffled, limits)
            batch = collate(_items(source, chosen, batch_size or 32))
    order = _stored_targets(dataset, ordered)
    return _Read(batch, order, n, batch_size, shuffled, limits)


def _stream(loader: Any, examples: int, batch_size: int | None, limits: tuple[str, ...]) -> _Read:
    """The first examples of a copy: going over the user's might use up what training needs."""
    try:
        source, collate = copied(loader.dataset, loader.collate_fn)
    except NotCopied:
        raise UsageError(
            f"the data set, a {type(loader.dataset).__name__}, cannot be copied, so that its data"
            " may be of a kind that can be read only once",
            "data that can be read again, so that looking leaves them as they were",
            "hand over arrays or a map-style data set (one with __getitem__ and __len__)",
        ) from None
    if loader.batch_size is None:
        read = _batches(map(collate, iter(source)), examples)
        return _Read(read.batch, None, None, batch_size, None, limits)
    items = []
    end = time.monotonic() + PATIENCE_S
    for item in source:
        items.append(item)
        if len(items) >= examples or (len(items) >= loader.batch_size and time.monotonic() > end):
            break
    _check_any(items)
    return _Read(collate(items), None, None, batch_size, None, limits)


def _items(dataset: Any, chosen: NDArray[Any], least: int) -> Any:
    """The chosen items in their order; of a slow data set some, drawn from all of them.

    Args:
        least: items that are read however long it takes.
    """
    drawn = np.random.default_rng(0).permutation(len(chosen))
    several = hasattr(dataset, "__getitems__")
    found: list[tuple[int, Any]] = []
    end = time.monotonic() + PATIENCE_S
    for start in range(0, len(drawn), least if several else 1):
        if start >= least and time.monotonic() > end:
            break
        places = drawn[start : start + (least if several else 1)]
        indices = [int(i) for i in chosen[places]]
        items = dataset.__getitems__(indices) if several else [dataset[i] for i in indices]
        if not isinstance(items, list):  # a whole batch already, which its collate_fn knows
            return dataset.__getitems__([int(i) for i in chosen])
        found += zip(places.tolist(), items, strict=True)
    return [item for _, item in sorted(found, key=lambda pair: pair[0])]


def _stored_targets(dataset: Any, indices: NDArray[Any]) -> NDArray[Any] | None:
    """Targets in their stored order, where they can be had without computing the inputs."""
    if isinstance(dataset, data.Subset):
        return _stored_targets(dataset.dataset, np.asarray(dataset.indices)[indices])
    if isinstance(dataset, data.TensorDataset) and len(dataset.tensors) > 1:
        return _taken(dataset.tensors[-1], indices)
    targets = getattr(dataset, "targets", None)
    if targets is None or not hasattr(targets, "__len__") or len(targets) <= indices.max():
        return None
    return _taken(targets if _is_array(targets) else np.asarray(targets), indices)


def _batches(batches: Iterator[Any], examples: int) -> _Read:
    """Whole batches, until there are enough examples; their arrays put together."""
    columns: list[list[NDArray[Any]]] = []
    first: list[Any] = []
    spec, n, size = None, 0, None
    end = time.monotonic() + PATIENCE_S
    for batch in batches:
        leaves, spec_ = tree_flatten_with_path(batch)
        arrays = [_as_numpy(leaf) for _, leaf in leaves if _is_array(leaf)]
        if spec is None:
            spec, first, columns = spec_, [leaf for _, leaf in leaves], [[] for _ in arrays]
        shapes = [a.shape[1:] for a in arrays]
        if not arrays or (n and shapes != [c[0].shape[1:] for c in columns]):
            break  # padded to another length: what came so far is enough
        for column, a in zip(columns, arrays, strict=True):
            column.append(a)
        size = size or len(arrays[0])
        n += len(arrays[0])
        if n >= examples or time.monotonic() > end:
            break
    _check_any(range(n))
    joined = iter(np.concatenate(column)[:examples] for column in columns)
    leaves = [next(joined) if _is_array(leaf) else leaf for leaf in first]
    return _Read(tree_unflatten(leaves, spec), batch_size=size)


def _taken_apart(
    batch: Any, step: bool
) -> tuple[Structure, Inputs, NDArray[Any] | None, tuple[str, ...]]:
    sequence = isinstance(batch, (tuple, list))
    if not step and not (sequence and len(batch) >= 2):
        raise UsageError(
            f"a batch is a {type(batch).__name__}"
            + (f" of {len(batch)}" if hasattr(batch, "__len__") else ""),
            "(inputs, targets)",
            "say what a training step does with it: diagnose(…, step=lambda model, batch: loss)",
        )
    found, spec = tree_flatten_with_path(batch)
    leaves = [leaf for _, leaf in found]
    last = bool(leaves) and sequence and len(batch) >= 2 and leaves[-1] is batch[-1]
    has_y = last and _is_array(batch[-1]) and (not step or len(batch) == 2)
    y = len(leaves) - 1 if has_y else None
    places = tuple(i for i, leaf in enumerate(leaves) if _is_array(leaf) and i != y)
    if not places:
        raise DataError("a batch holds no arrays of inputs", "tensors or NumPy arrays")
    arrays = tuple(_as_numpy(leaves[i]) for i in places)
    kept = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
    paths = [found[i][0] for i in places]
    shared = 1 if has_y and len(batch) == 2 else 0
    names = tuple(_name(path[shared:]) for path in paths)
    target = _as_numpy(leaves[y]) if y is not None else None
    return Structure(spec, kept, places, y), arrays, target, names


def _name(path: Any) -> str:
    keys = [getattr(k, "key", getattr(k, "idx", getattr(k, "name", k))) for k in path]
    return ".".join(f"x{k}" if isinstance(k, int) else str(k) for k in keys) or "x"


def _is_array(value: Any) -> bool:
    return isinstance(value, (torch.Tensor, np.ndarray)) and value.ndim > 0


def _array(values: Any, what: str) -> Any:
    """An array of numbers; a tensor stays the tensor it is, wherever it is."""
    return of_numbers(values, what) if isinstance(values, torch.Tensor) else as_array(values, what)


def _taken(array: Any, chosen: NDArray[Any]) -> NDArray[Any]:
    if isinstance(array, torch.Tensor):
        return _as_numpy(array[torch.as_tensor(chosen, device=array.device)])
    taken: NDArray[Any] = array[chosen]
    return taken


def _as_numpy(array: Any) -> NDArray[Any]:
    return as_array(array, "the data")


def _check_lengths(x: list[Any], y: Any) -> None:
    _check_any(x)
    checked(x, y)


def _check_any(items: Any) -> None:
    if not len(items):
        raise DataError("the training data are empty", "at least one example of one feature")
