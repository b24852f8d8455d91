"""What reaches the network in a step, read off the examples that are looked at."""

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.records.batch import Batch, BatchedArray, Column, Content, Thumbnails
from unstuck.setups.subject import About, Sample

COLUMNS, ROWS, NUMBERS, COUNTS = 12, 3, 8, 12  # that are told of each array, at most
IMAGES, SIDE = 8, 32  # thumbnails, and their longer side in pixels, at most
SMALLEST = 8  # pixels a side that make an image
CHANNELS = (1, 3, 4)
ROUNDING = 1e-12  # of the largest number, below which a mean is nothing but that
CLASSES = 100  # whole numbers that are told as classes, at most


def batch(about: About, sample: Sample) -> Batch:
    """The batch of a set-up."""
    size = max(1, about.batch_size)
    parts = [(sample.x, sample.y)]
    if sample.x_validation is not None:
        parts.append((sample.x_validation, sample.y_validation))
    made = []
    for x, y in parts:
        named = zip(sample.names, sample.kinds, x, strict=False)
        arrays = [_array(name, a, size, kind == "ids") for name, kind, a in named]
        if y is not None:
            arrays.append(_targets(y, size))
        made.append(tuple(arrays))
    return Batch(size, len(sample.x[0]), *made)


def _array(name: str, a: NDArray[Any], size: int, ids: bool) -> BatchedArray:
    shape, dtype = (min(size, len(a)), *a.shape[1:]), str(a.dtype)
    channels = None if ids else _channels(a)
    if ids:
        counts, distinct = _counts(a)
        return BatchedArray(
            name,
            shape,
            dtype,
            Content.TOKENS,
            (_column("ids", a),),
            1,
            _rows(a),
            counts,
            distinct,
        )
    if channels is not None:
        columns = [_column(f"channel {i}", c) for i, c in enumerate(np.moveaxis(channels, -1, 0))]
        return BatchedArray(
            name,
            shape,
            dtype,
            Content.IMAGES,
            tuple(columns),
            len(columns),
            thumbnails=_thumbnails(channels),
        )
    content = Content.SEQUENCES if a.ndim == 3 else Content.FEATURES
    flat = a.reshape(-1, a.shape[-1]) if a.ndim == 3 else a.reshape(len(a), -1)
    return BatchedArray(
        name, shape, dtype, content, _columns(flat), flat.shape[1], rows=_rows(a)
    )  # fmt: skip


def _targets(y: NDArray[Any], size: int) -> BatchedArray:
    shape, dtype = (min(size, len(y)), *y.shape[1:]), str(y.dtype)
    flat = y.reshape(len(y), -1)
    ids = y
    if flat.shape[1] > 1 and np.isin(flat, (0, 1)).all() and (flat.sum(axis=1) == 1).all():
        ids = flat.argmax(axis=1)
    whole = np.isfinite(ids).all() and (ids == np.round(ids)).all()
    if whole and (counts := _counts(ids))[1] <= CLASSES:
        return BatchedArray(
            "targets",
            shape,
            dtype,
            Content.CLASSES,
            counts=counts[0],
            distinct=counts[1],
        )
    return BatchedArray(
        "targets", shape, dtype, Content.NUMBERS, _columns(flat), flat.shape[1], rows=_rows(y)
    )


def _channels(a: NDArray[Any]) -> NDArray[Any] | None:
    """(n, height, width, channels) of images, wherever their channels stand; None for others."""
    if a.ndim == 3 and min(a.shape[1:]) >= SMALLEST and a.shape[1] == a.shape[2]:
        return a[..., None]
    if a.ndim != 4:
        return None
    if a.shape[-1] in CHANNELS and min(a.shape[1:3]) >= SMALLEST:
        return a
    if a.shape[1] in CHANNELS and min(a.shape[2:]) >= SMALLEST:
        return np.moveaxis(a, 1, -1)
    return None


def _columns(flat: NDArray[Any]) -> tuple[Column, ...]:
    return tuple(_column(str(i), flat[:, i]) for i in range(min(COLUMNS, flat.shape[1])))


def _column(name: str, values: NDArray[Any]) -> Column:
    numbers = np.asarray(values, np.float64).ravel()
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        return Column(name, np.nan, np.nan, np.nan, np.nan, 1.0)
    low, mean, high = float(finite.min()), float(finite.mean()), float(finite.max())
    if abs(mean) < ROUNDING * max(abs(low), abs(high)):
        mean = 0.0
    return Column(name, low, mean, high, float(finite.std()), 1 - finite.size / numbers.size)


def _counts(ids: NDArray[Any]) -> tuple[tuple[tuple[str, int], ...], int]:
    """Values with their number, the commonest where there are many; and how many differ."""
    values, numbers = np.unique(ids, return_counts=True)
    order = np.sort(np.argsort(-numbers, kind="stable")[:COUNTS])
    return tuple((f"{values[i]:g}", int(numbers[i])) for i in order), len(values)


def _rows(a: NDArray[Any]) -> tuple[tuple[float, ...], ...]:
    return tuple(
        tuple(float(v) for v in np.asarray(row, np.float64).ravel()[:NUMBERS]) for row in a[:ROWS]
    )


def _thumbnails(images: NDArray[Any]) -> Thumbnails:
    every = -(-max(images.shape[1:3]) // SIDE)
    few = np.asarray(images[:IMAGES, ::every, ::every, : min(3, images.shape[-1])], np.float64)
    finite = few[np.isfinite(few)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 1.0)
    scaled = np.nan_to_num((few - low) / max(high - low, np.finfo(float).tiny))
    pixels = (255 * scaled.clip(0, 1)).astype(np.uint8)
    packed = base64.b64encode(zlib.compress(pixels.tobytes(), 9)).decode()
    count, height, width, channels = pixels.shape
    return Thumbnails(count, height, width, channels, packed)
