"""The data a batch was taken from, found among the values of the script's frames."""

import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import numpy as np
import torch

from unstuck.watching.place import is_users

TRIED = 16  # rows of the batch that are looked for
_SELDOM = 4096  # rows that are still in question before whole rows are compared
_CHEAP = 1 << 22  # numbers that are copied to change their dtype


def found(batch: list[Any]) -> tuple[list[Any], bool | None] | None:
    """Arrays of which the tensors of the batch are the same rows, shaped as the batch is.

    Args:
        batch: tensors of equal length; the first is the one that tells rows apart best.

    Returns:
        an array a tensor and whether the rows were drawn in another order than they are stored
        in; None where not all of them are found.
    """
    if any(t.layout != torch.strided for t in batch):
        return None
    rows = len(batch[0])
    candidates = [a for a in _arrays() if len(a) > rows]
    for whole in candidates:
        index = _rows_of(batch[0], whole)
        if index is None:
            continue
        arrays = [_shaped(whole, batch[0])]
        for tensor in batch[1:]:
            fits = (a for a in candidates if len(a) == len(whole) and _same(tensor, a, index))
            match = next(fits, None)
            if match is None:
                break
            arrays.append(_shaped(match, tensor))
        if len(arrays) == len(batch):
            in_order = bool(index[0] == 0 and (np.diff(index) > 0).all())
            return arrays, not in_order
    return None


def _arrays() -> Iterator[Any]:
    """Tensors and arrays of the user's frames, innermost first, each as a tensor."""
    seen: set[int] = set()
    for frame in _frames():
        values = list(frame.f_locals.values())
        if frame.f_code.co_name != "<module>":
            values += list(frame.f_globals.values())
        for value in values:
            for inner in _opened(value):
                if id(inner) in seen:
                    continue
                seen.add(id(inner))
                array = _tensor(inner)
                if array is not None and array.ndim:
                    yield array


def modules() -> Iterator[Any]:
    """Modules of the user's frames, innermost first."""
    for frame in _frames():
        for value in (*frame.f_locals.values(), *frame.f_globals.values()):
            for inner in _opened(value):
                if isinstance(inner, torch.nn.Module):
                    yield inner


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def _opened(value: Any) -> Iterator[Any]:
    """The value, and what lies one level down in it."""
    yield value
    if isinstance(value, (tuple, list)) and len(value) <= 16:
        yield from value
    elif isinstance(value, dict) and len(value) <= 64:
        yield from value.values()
    elif isinstance(value, torch.utils.data.TensorDataset):
        yield from value.tensors
    elif not isinstance(value, (type, torch.nn.Module)) and _is_users_class(type(value)):
        yield from vars(value).values() if hasattr(value, "__dict__") else ()


def _is_users_class(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return kind.__module__ != "builtins" and is_users(getattr(module, "__file__", None) or "<none>")


def _tensor(value: Any) -> Any:
    """Numbers as a tensor that shares their memory; None for anything else."""
    if isinstance(value, torch.Tensor):
        plain = value.layout == torch.strided and not isinstance(value, torch.nn.Parameter)
        return value.detach() if plain else None
    if type(value).__module__.startswith("pandas") and hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
        try:
            return torch.as_tensor(value) if value.flags.writeable else torch.as_tensor(+value)
        except (TypeError, ValueError):  # numbers that torch does not have
            return None
    return None


def _rows_of(tensor: Any, whole: Any) -> Any:
    """Where some rows of the tensor stand in the whole; None if one of them does not."""
    if whole[:1].numel() != tensor[:1].numel() or whole.device != tensor.device:
        return None
    flat, wanted = whole.reshape(len(whole), -1), tensor.detach().reshape(len(tensor), -1)
    places = _tried(len(tensor))
    index: list[int] = []
    for place in places:
        standing = _place_of(wanted[place], flat, index[0] + place if index else 0)
        if standing is None:
            return None
        index.append(standing)
    return np.asarray(index)


def _tried(rows: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, rows - 1, min(rows, TRIED))})


def _place_of(row: Any, flat: Any, guess: int) -> int | None:
    if guess < len(flat) and bool((flat[guess].to(row.dtype) == row).all()):
        return guess
    remaining = None
    # the entries farthest from zero tell rows apart best
    columns = row.abs().argsort(descending=True)[:8].tolist()
    for column in columns:
        values = flat[:, column] if remaining is None else flat[remaining, column]
        equal = values.to(row.dtype) == row[column]
        hits = equal.nonzero().flatten()
        remaining = hits if remaining is None else remaining[hits]
        if not len(remaining):
            return None
    assert remaining is not None
    for start in range(0, min(len(remaining), _SELDOM), 256):
        some = remaining[start : start + 256]
        same = (flat[some].to(row.dtype) == row).all(1).nonzero().flatten()
        if len(same):
            return int(some[same[0]])
    return None


def _same(tensor: Any, whole: Any, index: Any) -> bool:
    """Whether the rows of the whole at these places are those of the tensor."""
    if whole[:1].numel() != tensor[:1].numel() or whole.device != tensor.device:
        return False
    rows = whole[torch.as_tensor(index)].reshape(len(index), -1).to(tensor.dtype)
    return bool((rows == tensor.detach()[_tried(len(tensor))].reshape(len(index), -1)).all())


def _shaped(whole: Any, like: Any) -> Any:
    """The whole in the shape of the batch, and in its dtype where that is cheap."""
    shaped = whole.reshape(len(whole), *like.shape[1:])
    return shaped.to(like.dtype) if whole.numel() <= _CHEAP else shaped
