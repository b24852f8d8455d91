"""The data a batch was taken from, found among the values of the script's frames."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.setups.stand_ins import is_stand_in
from unstuck.watching.place import is_users

TRIED = 16  # rows of the batch that are looked for
_SELDOM = 4096  # rows that are still in question before whole rows are compared
_CHEAP = 1 << 22  # numbers that are copied to change their dtype

# A value as an array that shares its memory; None for what is no array of numbers.
Read = Callable[[Any], NDArray[Any] | None]
# What lies one level down in an object of the framework's.
Open = Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Whole:
    """Arrays that a batch is rows of.

    Args:
        arrays: one a part of the batch, shaped as that is.
        drawn: whether the rows were drawn in another order than they are stored in.
        names: of the variables that hold them where training starts; "" for what has none.
        one_batch: whether it is the batch itself, one of several.
    """

    arrays: list[NDArray[Any]]
    drawn: bool
    names: tuple[str, ...]
    one_batch: bool = False


def found(batch: list[NDArray[Any]], read: Read, opened: Open = lambda value: ()) -> Whole | None:
    """Arrays of which those of the batch are the same rows; None where not all of them are found.

    Where a script still holds what its training part was split off from, that has its rows too:
    of arrays with more than half as many as the longest, it is the shortest, as most examples go
    to the training, and fewer to what is held out or to a first try.

    Args:
        batch: arrays of equal length; the first is the one that tells rows apart best.
    """
    rows = len(batch[0])
    candidates = [(a, name) for a, name in _arrays(read, opened) if len(a) > rows]
    fitting = []
    for whole, name in candidates:
        index = _rows_of(batch[0], whole)
        if index is None:
            continue
        matches = [(whole, name)]
        for part in batch[1:]:
            fits = (c for c in candidates if len(c[0]) == len(whole) and _same(part, c[0], index))
            match = next(fits, None)
            if match is None:
                break
            matches.append(match)
        if len(matches) == len(batch):
            fitting.append((matches, index))
    if not fitting:
        return None
    most = max(len(matches[0][0]) for matches, _ in fitting)
    many = [f for f in fitting if 2 * len(f[0][0][0]) > most]
    matches, index = min(many, key=lambda f: len(f[0][0][0]))  # the first of equal ones
    in_order = bool(index[0] == 0 and (np.diff(index) > 0).all())
    arrays = [_shaped(a, like) for (a, _), like in zip(matches, batch, strict=True)]
    return Whole(arrays, not in_order, tuple(n for _, n in matches))


def whole(batch: list[NDArray[Any]], read: Read) -> Whole:
    """The arrays a batch was taken from, or itself."""
    more = found(batch, read)
    if more is not None:
        return more
    held = [(a, name) for a, name in _arrays(read, lambda value: ()) if len(a) == len(batch[0])]
    names = [
        next((n for a, n in held if a.shape == part.shape and np.array_equal(a, part)), None)
        for part in batch
    ]
    return Whole(batch, False, tuple(n or "" for n in names), one_batch=None in names)


def beside(batch: NDArray[Any], read: Read) -> Iterator[NDArray[Any]]:
    """Other arrays with a row for each of a batch's, innermost first: of its length, or the same
    rows of those that are as long as what it was taken from."""
    held = [array for array, _ in _arrays(read, lambda value: ())]
    for array in held:
        if len(array) == len(batch) and not (array.shape == batch.shape and (array == batch).all()):
            yield array
    for whole in held:
        index = _all_rows(batch, whole) if len(whole) > len(batch) else None
        if index is not None:
            same = (a for a in held if a is not whole and len(a) == len(whole))
            yield from (a[index] for a in same)


def _all_rows(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any] | None:
    """Where each row of the part stands in the whole; None if one does not."""
    if _rows_of(part, whole) is None or whole.size > _CHEAP:
        return None
    places = {row.tobytes(): i for i, row in enumerate(whole.astype(part.dtype))}
    index = [places.get(row.tobytes(), -1) for row in part]
    return None if -1 in index else np.asarray(index)


def name_of(wanted: Any) -> str:
    """The variable that holds an object where training starts; "" for none."""
    named = (name for value, name in _values(lambda value: ()) if value is wanted and name)
    return next(named, "")


def values(opened: Open = lambda value: ()) -> Iterator[Any]:
    """Values of the user's frames, innermost first, and what lies one level down in them."""
    return (value for value, _ in _values(opened))


def _values(opened: Open) -> Iterator[tuple[Any, str]]:
    """The same, each with its name if it is a variable of the innermost frame."""
    for depth, frame in enumerate(_frames()):
        held = list(frame.f_locals.items())
        if frame.f_code.co_name != "<module>":
            held += list(frame.f_globals.items())
        for name, value in held:
            if is_stand_in(value):
                continue
            yield value, "" if depth else name
            inside = _inside(value, opened)
            yield from ((inner, "") for inner in inside if not is_stand_in(inner))


def _arrays(read: Read, opened: Open) -> Iterator[tuple[NDArray[Any], str]]:
    seen: set[int] = set()
    for value, name in _values(opened):
        if id(value) in seen:
            continue
        seen.add(id(value))
        array = read(value)
        if array is not None and array.ndim:
            yield array, name


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if is_users(frame.f_code.co_filename):
            yield frame
        frame = frame.f_back


def _inside(value: Any, opened: Open) -> Iterator[Any]:
    if isinstance(value, (tuple, list)) and len(value) <= 16:
        yield from value
    elif isinstance(value, dict) and len(value) <= 64:
        yield from value.values()
    else:
        yield from opened(value)
        if not isinstance(value, type) and _is_users_class(type(value)):
            yield from vars(value).values() if hasattr(value, "__dict__") else ()


def _is_users_class(kind: type) -> bool:
    module = sys.modules.get(kind.__module__)
    return kind.__module__ != "builtins" and is_users(getattr(module, "__file__", None) or "<none>")


def numbers(value: Any) -> NDArray[Any] | None:
    """NumPy's and pandas' numbers as an array; None for anything else."""
    value = _unframed(value)
    return value if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" else None


def _unframed(value: Any) -> Any:
    """What pandas holds, as NumPy has it; anything else as it is."""
    framed = type(value).__module__.startswith("pandas") and hasattr(value, "to_numpy")
    return value.to_numpy() if framed else value


def labels(value: Any) -> NDArray[Any] | None:
    """The same, lists, and words, which stand for classes."""
    if isinstance(value, list) and value and issubclass(type(value[0]), str | int | float):
        value = np.asarray(value)
    value = _unframed(value)
    if not isinstance(value, np.ndarray):
        return None
    words = value.dtype.kind == "O" and all(issubclass(type(v), str) for v in value.flat)
    return value if words or value.dtype.kind in "fiubU" else None


def _rows_of(part: NDArray[Any], whole: NDArray[Any]) -> NDArray[Any] | None:
    """Where some rows of the part stand in the whole; None if one of them does not."""
    if whole[:1].size != part[:1].size:
        return None
    flat, wanted = whole.reshape(len(whole), -1), part.reshape(len(part), -1)
    index: list[int] = []
    for place in _tried(len(part)):
        standing = _place_of(wanted[place], flat, index[0] + place if index else 0)
        if standing is None:
            return None
        index.append(standing)
    return np.asarray(index)


def _tried(rows: int) -> list[int]:
    return sorted({int(i) for i in np.linspace(0, rows - 1, min(rows, TRIED))})


def _place_of(row: NDArray[Any], flat: NDArray[Any], guess: int) -> int | None:
    if guess < len(flat) and bool((flat[guess].astype(row.dtype) == row).all()):
        return guess
    remaining = None
    # the entries farthest from zero tell rows apart best
    for column in np.argsort(-np.abs(row.astype(np.float64)))[:8]:
        held = flat[:, column] if remaining is None else flat[remaining, column]
        hits = np.flatnonzero(held.astype(row.dtype) == row[column])
        remaining = hits if remaining is None else remaining[hits]
        if not len(remaining):
            return None
    assert remaining is not None
    for start in range(0, min(len(remaining), _SELDOM), 256):
        some = remaining[start : start + 256]
        same = np.flatnonzero((flat[some].astype(row.dtype) == row).all(1))
        if len(same):
            return int(some[same[0]])
    return None


def _same(part: NDArray[Any], whole: NDArray[Any], index: NDArray[Any]) -> bool:
    """Whether the rows of the whole at these places are those of the part."""
    if whole[:1].size != part[:1].size:
        return False
    rows = whole[index].reshape(len(index), -1).astype(part.dtype)
    return bool((rows == part[_tried(len(part))].reshape(len(index), -1)).all())


def _shaped(whole: NDArray[Any], like: NDArray[Any]) -> NDArray[Any]:
    """The whole in the shape of the batch, and in its dtype where that is cheap."""
    shaped = whole.reshape(len(whole), *like.shape[1:])
    return shaped.astype(like.dtype, copy=False) if whole.size <= _CHEAP else shaped
