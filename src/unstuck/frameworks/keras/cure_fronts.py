"""Maps of inputs as Keras layers in front of a model, and as code."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Clip, Data, Log, Map
from unstuck.changes.input_clipping import REACH
from unstuck.errors import UsageError
from unstuck.frameworks.keras.cure_text import array, number
from unstuck.scalers import Affine

RATIO = 1e4  # of shift to scale up to which float32 holds the difference
SMALLEST = 1e-6  # scale: a Normalization layer does not divide by less than 1e-7
SHORT = 8  # values that are written out

Floats = NDArray[np.float64]


@dataclass
class Front:
    """What is put in front of one input.

    Args:
        layers: functions of a symbolic tensor, in order; empty for nothing.
        texts: the same as code: a layer's, or an expression in `z` that starts with "=".
        lines: NumPy lines that the texts need.
        outside: NumPy lines that change the input itself, where no layer can.
    """

    layers: list[Callable[[Any], Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)

    def __call__(self, tensor: Any) -> Any:
        for layer in self.layers:
            tensor = layer(tensor)
        return tensor


def fit(data: Data) -> bool:
    """Whether layers compute all maps of the data in float32 as they should be."""
    columns = zip(*data.maps, strict=True) if data.maps else ()
    return all(_holds(m) for column in columns for m in _merged(column))


def front(data: Data, i: int, name: str, inside: bool) -> Front:
    """What the maps of input i are.

    Args:
        name: of the input in code, "x" or "x[0]".
        inside: whether layers can stand in front of the model.
    """
    maps = _merged([maps[i] for maps in data.maps if maps[i] is not None])
    shape = data.x[i].shape[1:]
    before = _before(maps, data.x[i])
    made = Front()
    if not inside:
        for m, u in zip(maps, before, strict=True):
            made.outside += _numpy(m, u, name, shape, name)
        return made
    source = name
    for k, (m, u) in enumerate(zip(maps, before, strict=True)):
        layer, text, lines = _layer(m, u, source, shape)
        made.layers.append(layer)
        made.texts.append(text)
        made.lines += lines
        if k + 1 < len(maps):
            made.lines += _numpy(m, u, source, shape, "z", known=bool(lines))
            source = "z"
    return made


def _merged(maps: Sequence[Map | None]) -> list[Map]:
    merged: list[Map] = []
    for m in maps:
        last = merged[-1] if merged else None
        if isinstance(m, Affine) and isinstance(last, Affine):
            merged[-1] = last.then(m)
        elif m is not None:
            merged.append(m)
    return merged


def _before(maps: Sequence[Map], x: NDArray[Any]) -> list[Floats | None]:
    """The inputs of each map as far as they can be told from what came out last."""
    value: Floats | None = x.reshape(len(x), -1).astype(np.float64)
    found: list[Floats | None] = []
    for m in reversed(maps):
        if value is not None:
            if isinstance(m, Affine):
                value = m.inverse(value)
            elif isinstance(m, Log):
                value = np.sign(value) * np.expm1(np.abs(value))
            else:
                value = None
        found.append(value)
    return found[::-1]


def _holds(m: Map) -> bool:
    """Whether a layer computes it in float32 as it should be."""
    if not isinstance(m, Affine):
        return True
    ratio = np.abs(m.shift / m.scale).max()
    return bool(ratio <= RATIO and (m.scale.ndim == 0 or m.scale.min() >= SMALLEST))


def _layer(
    m: Map, u: Floats | None, source: str, shape: tuple[int, ...]
) -> tuple[Callable[[Any], Any], str, list[str]]:
    """One map: a function of tensors, its code, and the lines before it."""
    import keras

    if isinstance(m, Log):
        return (
            lambda z: keras.ops.sign(z) * keras.ops.log1p(keras.ops.abs(z)),
            "= keras.ops.sign(z) * keras.ops.log1p(keras.ops.abs(z))",
            [],
        )
    if isinstance(m, Clip):
        low, high = (_shaped(v, shape).astype("float32") for v in (m.low, m.high))
        return (
            lambda z: keras.ops.minimum(keras.ops.maximum(z, low), high),
            "= keras.ops.minimum(keras.ops.maximum(z, low), high)",
            [*_limits(source), 'low, high = low.astype("float32"), high.astype("float32")'],
        )
    if not isinstance(m, Affine):
        raise UsageError(f"the inputs were changed by {type(m).__name__}", "Affine, Clip or Log")
    if m.shift.ndim == 0 and m.scale.ndim == 0:
        scale, offset = 1 / float(m.scale), -float(m.shift) / float(m.scale)
        text = f"1 / {number(float(m.scale))}" if m.scale != 1 else "1"
        text += f", offset={number(offset)}" if offset else ""
        return keras.layers.Rescaling(scale, offset), f"keras.layers.Rescaling({text})", []
    size = int(np.prod(shape))
    shift, spread = (np.broadcast_to(v, size) for v in (m.shift, m.scale))
    axis = -1 if len(shape) == 1 else tuple(range(1, len(shape) + 1))
    layer = keras.layers.Normalization(
        axis, _shaped(shift, shape), _shaped(np.square(spread), shape)
    )
    lines = _statistics(m, u, source, shape)
    return layer, f"keras.layers.Normalization({axis}, mean=shift, variance=scale**2)", lines


def _numpy(
    m: Map, u: Floats | None, source: str, shape: tuple[int, ...], to: str, known: bool = False
) -> list[str]:
    """A map as NumPy lines.

    Args:
        known: the lines that its numbers come from stand before.
    """
    if isinstance(m, Log):
        return [f"{to} = np.sign({source}) * np.log1p(np.abs({source}))"]
    if isinstance(m, Clip):
        return [*([] if known else _limits(source)), f"{to} = np.clip({source}, low, high)"]
    assert isinstance(m, Affine)
    if m.shift.ndim == 0 and m.scale.ndim == 0:
        return [f"{to} = ({source} - {float(m.shift)!r}) / {float(m.scale)!r}"]
    lines = [] if known else _statistics(m, u, source, shape)
    return [*lines, f"{to} = ({source} - shift) / scale"]


def _shaped(values: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    return np.asarray(values).reshape(shape)


def _limits(source: str) -> list[str]:
    """See `unstuck.changes.input_clipping`."""
    return [
        f"middle = np.median({source}, axis=0)",
        f"reach = np.percentile(np.abs({source} - middle), 99, axis=0)",
        f"reach = {number(REACH)} * np.where(reach > 0, reach,"
        f" np.percentile(np.abs({source} - middle), 99))",
        "low, high = middle - reach, middle + reach",
    ]


def _statistics(m: Affine, u: Floats | None, source: str, shape: tuple[int, ...]) -> list[str]:
    """Lines that compute `shift` and `scale`, one value a feature, or write them out."""
    wide = '.astype("float64")'
    shifts, scales = {}, {}
    if u is not None:
        u = u[np.isfinite(u).all(axis=1)]
        low, middle, high = np.percentile(u, [25, 50, 75], axis=0)
        shifts = {
            f"{source}.mean(axis=0, dtype=float)": u.mean(axis=0),
            f"np.median({source}, axis=0)": middle,
        }
        varies, width = np.ptp(u, axis=0) > 0, high - low
        scales = {
            f"np.where(np.ptp({source}, axis=0) > 0, {source}{wide}.std(axis=0), 1)": np.where(
                varies, u.std(axis=0), 1
            ),
            "np.where(width > 0, width, 1)": np.where(width > 0, width, 1),
        }
    lines = []
    for name, values, known in (("shift", m.shift, shifts), ("scale", m.scale, scales)):
        text = next((t for t, v in known.items() if _same(v, values)), "")
        if values.ndim == 0 or np.ptp(values) == 0:
            text = f"np.full({source}.shape[1:], {number(float(values.flat[0]))})"
        elif not text or values.size <= SHORT:
            text = array(values)
            if len(shape) > 1:
                text += f".reshape({shape})"
        if "width" in text:
            lines.append(f"width = np.subtract(*np.percentile({source}, [75, 25], axis=0))")
        lines.append(f"{name} = {text}")
    return lines


def _same(a: Floats, b: Floats) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-3, atol=1e-6 * np.abs(b).max()))
