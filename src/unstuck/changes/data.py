"""What a trial trains on and is judged by: examples in NumPy, and how they were changed."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unstuck.data.columns import finite
from unstuck.scalers import Affine

Inputs = tuple[NDArray[Any], ...]  # one array an input of the model, each (n, ...)


class Map(Protocol):
    """A change of (n, d) inputs, fitted to the training examples: `Affine`, `Clip`, `Log`."""

    def __call__(self, x: NDArray[Any]) -> NDArray[np.float64]: ...


@dataclass(frozen=True, eq=False)
class Clip:
    """Brings values beyond low and high, (d,) each, back to them."""

    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __call__(self, x: NDArray[Any]) -> NDArray[np.float64]:
        clipped: NDArray[np.float64] = np.clip(x.astype(np.float64), self.low, self.high)
        return clipped


@dataclass(frozen=True)
class Log:
    """sign(x)·ln(1 + |x|), for values that spread over orders of magnitude."""

    def __call__(self, x: NDArray[Any]) -> NDArray[np.float64]:
        x = np.asarray(x, np.float64)
        logged: NDArray[np.float64] = np.sign(x) * np.log1p(np.abs(x))
        return logged


@dataclass(frozen=True, eq=False)
class Data:
    """Training and held-out examples, as they reach the network.

    Args:
        x, y: training inputs, one array (n, ...) an input, and targets.
        x_held, y_held: the same, held out.
        kinds: of the inputs, as in `Sample`.
        maps: what was done to the inputs, in order; one map an input, None for ids.
        targets: what was done to the targets; None for nothing.
        note: where the held-out examples come from.
    """

    x: Inputs
    y: NDArray[Any]
    x_held: Inputs
    y_held: NDArray[Any]
    kinds: tuple[str, ...] = ("values",)
    maps: tuple[tuple[Map | None, ...], ...] = ()
    targets: Affine | None = None
    note: str = ""

    def mapped(self, fit: Callable[[NDArray[np.float64]], Map]) -> "Data":
        """The inputs that are values changed by maps fitted to the training examples.

        Args:
            fit: (n, d) float64 ↦ map.
        """
        fitted = tuple(
            fit(_flat(a)) if kind == "values" else None
            for a, kind in zip(self.x, self.kinds, strict=True)
        )

        def applied(x: Inputs) -> Inputs:
            return tuple(_apply(m, a) for m, a in zip(fitted, x, strict=True))

        return replace(
            self, x=applied(self.x), x_held=applied(self.x_held), maps=(*self.maps, fitted)
        )

    def with_targets(self, fit: Callable[[NDArray[np.float64]], Map]) -> "Data":
        """The targets changed by a map fitted to those of the training examples, (n, k)."""
        fitted = fit(_flat(self.y))
        assert isinstance(fitted, Affine)  # what can be taken back
        y, y_held = (_apply(fitted, y) for y in (self.y, self.y_held))
        targets = fitted if self.targets is None else self.targets.then(fitted)
        return replace(self, y=y, y_held=y_held, targets=targets)

    def restored(self, output: NDArray[Any]) -> NDArray[Any]:
        """An output (n, k) brought back to the targets' own units."""
        if self.targets is None:
            return output
        return np.asarray(output * self.targets.scale + self.targets.shift)


def _flat(a: NDArray[Any]) -> NDArray[np.float64]:
    return a.reshape(len(a), -1).astype(np.float64)


def _apply(map: Map | None, a: NDArray[Any]) -> NDArray[Any]:
    if map is None:
        return a
    dtype = a.dtype if np.issubdtype(a.dtype, np.floating) else np.float32
    return map(_flat(a)).reshape(a.shape).astype(dtype)


def finite_rows(arrays: tuple[NDArray[Any], ...]) -> NDArray[np.bool_]:
    """(n,) whether an example is finite throughout."""
    sound = np.ones(len(arrays[0]), bool)
    for a in arrays:
        if a.dtype.kind == "f":
            sound &= finite(a.reshape(len(a), -1)).all(axis=1)
    return sound
