"""Maps of inputs as Keras layers in front of a model."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Clip, Data, Map
from unstuck.scalers import Affine

RATIO = 1e4  # of shift to scale up to which float32 holds the difference
SMALLEST = 1e-6  # scale: a Normalization layer does not divide by less than 1e-7

Front = list[Callable[[Any], Any]]  # functions of a symbolic tensor, in order


def fit(data: Data) -> bool:
    """Whether layers compute all maps of the data in float32 as they should be."""
    columns = zip(*data.maps, strict=True) if data.maps else ()
    return all(_holds(m) for column in columns for m in _merged(column))


def front(data: Data, i: int) -> Front:
    """What the maps of input i are as layers."""
    maps = _merged([maps[i] for maps in data.maps])
    return [_layer(m, data.x[i].shape[1:]) for m in maps]


def as_one(parts: Front) -> Callable[[Any], Any] | None:
    """One layer, or a function of all; None for nothing."""
    if len(parts) < 2:
        return parts[0] if parts else None

    def all_of(tensor: Any) -> Any:
        for part in parts:
            tensor = part(tensor)
        return tensor

    return all_of


def _merged(maps: Sequence[Map | None]) -> list[Map]:
    merged: list[Map] = []
    for m in maps:
        last = merged[-1] if merged else None
        if isinstance(m, Affine) and isinstance(last, Affine):
            merged[-1] = last.then(m)
        elif m is not None:
            merged.append(m)
    return merged


def _holds(m: Map) -> bool:
    """Whether a layer computes it in float32 as it should be."""
    if not isinstance(m, Affine):
        return True
    ratio = np.abs(m.shift / m.scale).max()
    return bool(ratio <= RATIO and (m.scale.ndim == 0 or m.scale.min() >= SMALLEST))


def _layer(m: Map, shape: tuple[int, ...]) -> Callable[[Any], Any]:
    if isinstance(m, Clip):
        low, high = (_shaped(v, shape).astype("float32") for v in (m.low, m.high))
        return lambda z: keras.ops.minimum(keras.ops.maximum(z, low), high)
    if not isinstance(m, Affine):
        return lambda z: keras.ops.sign(z) * keras.ops.log1p(keras.ops.abs(z))
    if m.shift.ndim == 0 and m.scale.ndim == 0:
        return keras.layers.Rescaling(1 / float(m.scale), -float(m.shift) / float(m.scale))  # type: ignore[no-any-return]
    size = int(np.prod(shape))
    shift, spread = (np.broadcast_to(v, size) for v in (m.shift, m.scale))
    axis = -1 if len(shape) == 1 else tuple(range(1, len(shape) + 1))
    return keras.layers.Normalization(  # type: ignore[no-any-return]
        axis, _shaped(shift, shape), _shaped(np.square(spread), shape)
    )


def _shaped(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(values).reshape(shape)
