"""What a change does to examples as a whole: left out, recoded, reshaped."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data, finite_rows

ANEW = "drawn from all examples at random"  # a note of data

RowChange = Callable[[Data], Data]


def finite_only(data: Data) -> Data:
    """Training examples with NaN or infinite values left out."""
    sound = finite_rows((*data.x, data.y))
    return replace(data, x=tuple(a[sound] for a in data.x), y=data.y[sound])


def recoded(data: Data) -> Data:
    """Distinct values become class ids 0 … K−1 in their order; anything but one value an example
    is left as it is."""
    both = np.concatenate([data.y, data.y_held])
    if both.reshape(len(both), -1).shape[1] != 1:
        return data
    _, ids = np.unique(both.reshape(-1), return_inverse=True)
    ids = ids.astype(np.int64)
    n = len(data.y)
    return replace(data, y=ids[:n], y_held=ids[n:])


def matched(data: Data) -> Data:
    """Held-out inputs moved and scaled, as a whole, to the training inputs' mean and spread."""
    moved = []
    for x, held, kind in zip(data.x, data.x_held, data.kinds, strict=True):
        if kind != "values" or not np.std(held):
            moved.append(held)
            continue
        ratio = np.std(x, dtype=np.float64) / np.std(held, dtype=np.float64)
        mean = np.mean(x, dtype=np.float64)
        dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.float32
        new = (held.astype(np.float64) - np.mean(held, dtype=np.float64)) * ratio + mean
        moved.append(new.astype(dtype))
    return replace(data, x_held=tuple(moved))


def mixed(data: Data) -> Data:
    """Training and held-out examples, as many of each, drawn from all of them at random."""
    n = len(data.y)
    order = np.random.default_rng(0).permutation(n + len(data.y_held))
    both = [np.concatenate(pair)[order] for pair in zip(data.x, data.x_held, strict=True)]
    y = np.concatenate([data.y, data.y_held])[order]
    x, x_held = tuple(a[:n] for a in both), tuple(a[n:] for a in both)
    return replace(data, x=x, y=y[:n], x_held=x_held, y_held=y[n:], note=ANEW)


def column(data: Data) -> Data:
    """Targets (n,) as (n, 1), and (n, 1) as (n,): the shape that the output has."""
    y, held = (a[:, None] if a.ndim == 1 else a.reshape(len(a)) for a in (data.y, data.y_held))
    return replace(data, y=y, y_held=held)


def padding_behind(a: NDArray[Any]) -> NDArray[np.int64]:
    """(n,) positions of each sequence (n, time, …) that are 0 behind its end; none of one that is
    0 throughout."""
    filled = (a != 0).reshape(*a.shape[:2], -1).any(axis=2)
    return np.asarray(np.argmax(filled[:, ::-1], axis=1))


def padded_in_front(data: Data) -> Data:
    """Sequences with the padding behind them put in front."""

    def moved(a: NDArray[Any]) -> NDArray[Any]:
        if a.ndim not in (2, 3):
            return a
        return np.stack(
            [np.roll(row, k, axis=0) for row, k in zip(a, padding_behind(a), strict=True)]
        )

    x, x_held = (tuple(map(moved, part)) for part in (data.x, data.x_held))
    return replace(data, x=x, x_held=x_held)


def id_step(a: NDArray[Any]) -> float:
    """By how much ids that were scaled lie apart, at least."""
    values = np.unique(a)
    return float(np.diff(values).min()) if len(values) > 1 else 1.0


def whole_ids(data: Data) -> Data:
    """Ids that were scaled as whole numbers again: a model's only input, or those that an
    embedding looks up."""
    x, x_held = list(data.x), list(data.x_held)
    for i, kind in enumerate(data.kinds):
        if (kind == "ids" or len(x) == 1) and x[i].dtype.kind == "f":
            step = id_step(x[i])
            x[i], x_held[i] = (np.rint(a / step).astype(a.dtype) for a in (x[i], x_held[i]))
    return replace(data, x=tuple(x), x_held=tuple(x_held))
