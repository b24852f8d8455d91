"""Input scalers as affine maps: what scikit-learn's scalers do, in a form that can be folded.

A `Scaler` says how to scale; fitted on training examples it gives an `Affine`, two arrays.
Two words are kept apart: *rescaled* means divided or mapped to a range, *standardized* means
mean 0 and standard deviation 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from unstuck.errors import DataError, UsageError

Kind = Literal["none", "divide", "minmax", "center", "spread", "standard", "robust", "maxabs"]
Per = Literal["all", "feature"]
Floats = NDArray[np.float64]

CHUNK = 1 << 20  # values at a time turned into float64: 8 MB, and the fastest size measured


@dataclass(frozen=True, eq=False)
class Affine:
    """The map x ↦ (x − shift) / scale, scikit-learn's convention.

    Args:
        shift: () or (d,), in units of x; kept as float64.
        scale: () or (d,), in units of x, finite and not 0; kept as float64.

    Raises:
        UsageError: a shift is not finite, a scale is not finite or 0, or the shapes differ
            from the above.
    """

    shift: Floats
    scale: Floats

    def __post_init__(self) -> None:
        shift, scale = (np.array(a, dtype=np.float64) for a in (self.shift, self.scale))
        axes = {array.shape for array in (shift, scale) if array.ndim}
        if len(axes) > 1 or any(len(shape) > 1 for shape in axes):
            raise UsageError(f"shift {shift.shape} with scale {scale.shape}", "() or (d,)")
        for what, array, right, wrong in (
            ("shift", shift, "finite", ~np.isfinite(shift)),
            ("scale", scale, "finite and not 0", ~np.isfinite(scale) | (scale == 0)),
        ):
            if wrong.any():
                first = int(np.flatnonzero(wrong)[0])
                raise UsageError(f"a {what} of {array.flat[first]:g} for feature {first}", right)
            array.flags.writeable = False
            object.__setattr__(self, what, array)

    def __call__(self, x: NDArray[Any]) -> NDArray[Any]:
        """Scale x, (..., d) of any real dtype: float32 stays float32, all else gives float64.

        Computed in float64, since float32 loses the digits of a large shift.
        """
        scaled: Floats = np.subtract(x, self.shift, dtype=np.float64)
        scaled /= self.scale
        return scaled.astype(x.dtype if x.dtype == np.float32 else np.float64, copy=False)

    def inverse(self, z: NDArray[Any]) -> NDArray[Any]:
        """Bring scaled values back to the units of x; dtypes as in the call."""
        x: Floats = np.multiply(z, self.scale, dtype=np.float64)
        x += self.shift
        return x.astype(z.dtype if z.dtype == np.float32 else np.float64, copy=False)

    def then(self, other: "Affine") -> "Affine":
        """The one map that does this and afterwards the other."""
        return Affine(self.shift + self.scale * other.shift, self.scale * other.scale)

    def fold(self, kernel: NDArray[Any], bias: NDArray[Any]) -> tuple[Floats, Floats]:
        """Move the scaling into a dense layer that was trained on scaled inputs.

        Args:
            kernel: (d, units), bias: (units,), of the layer that sees (x − shift) / scale.

        Returns:
            float64 kernel and bias of the layer that gives the same output from x itself:
            W = W' / scale by rows, b = b' − shift W.
        """
        raw = kernel / np.broadcast_to(self.scale, len(kernel))[:, None]
        return raw, bias - np.broadcast_to(self.shift, len(kernel)) @ raw

    def unfold(self, kernel: NDArray[Any], bias: NDArray[Any]) -> tuple[Floats, Floats]:
        """The reverse of `fold`: from a layer that sees x to one that sees scaled inputs."""
        scaled = kernel * np.broadcast_to(self.scale, len(kernel))[:, None]
        return scaled, bias + np.broadcast_to(self.shift, len(kernel)) @ kernel

    @property
    def is_identity(self) -> bool:
        """Whether every value stays what it is."""
        return bool((self.shift == 0).all() and (self.scale == 1).all())


@dataclass(frozen=True)
class Scaler:
    """How to scale inputs: hashable, and JSON by way of `dataclasses.asdict`.

    Args:
        kind: "none"; "divide" by `k`; "minmax" to [`low`, `high`]; "center" to mean 0;
            "spread" to standard deviation 1, the mean divided alike but not removed;
            "standard" to both; "robust" to median 0 and interquartile range 1; "maxabs" to a
            largest |x| of 1.
        per: "all" for one map that all features share (default), "feature" for one each.
        k: divisor, > 0 (default 255).
        low, high: ends of the range (default 0 and 1).

    Raises:
        UsageError: an unknown kind or per, k not above 0, or low not below high.
    """

    kind: Kind
    per: Per = "all"
    k: float = 255.0
    low: float = 0.0
    high: float = 1.0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("kind", self.kind, get_args(Kind)),
            ("per", self.per, get_args(Per)),
        ):
            if value not in known:
                raise UsageError(f"a scaler with {what} {value!r}", ", ".join(known))
        if not (self.k > 0 and math.isfinite(self.k)):
            raise UsageError(f"a scaler that divides by {self.k:g}", "a finite number above 0")
        if not (self.low < self.high and math.isfinite(self.high - self.low)):
            raise UsageError(f"a range from {self.low:g} to {self.high:g}", "low below high")

    def fit(self, x_train: NDArray[Any]) -> Affine:
        """The map for these training examples, the one that scikit-learn's scaler would learn.

        Args:
            x_train: (n, d), any real dtype, finite.

        Returns:
            () arrays for per="all", (d,) for per="feature". A feature that never varies gets
            scale 1, as in scikit-learn.

        Raises:
            DataError: `x_train` is empty or holds NaN or infinite values.
        """
        if self.kind == "none":
            return Affine(np.zeros(()), np.ones(()))
        if self.kind == "divide":
            return Affine(np.zeros(()), np.array(self.k))
        if x_train.size == 0 or not np.isfinite(x_train).all():
            bad = np.count_nonzero(~np.isfinite(x_train))
            seen = f"features of shape {x_train.shape}, {bad} of them NaN or infinite"
            raise DataError(seen, "finite features", "repair or drop those examples")
        columns = x_train.reshape(-1, 1) if self.per == "all" else x_train
        shift, scale = _learn(self, columns)
        if self.per == "all":
            shift, scale = shift[0], scale[0]
        return Affine(shift, scale)

    @property
    def label(self) -> str:
        """A few words for a person, e.g. "/ 255", "[-1, 1]", "standardized, per feature"."""
        words = {
            "none": "raw",
            "divide": f"/ {self.k:g}",
            "minmax": f"[{self.low:g}, {self.high:g}]",
            "center": "centered",
            "spread": "unit spread",
            "standard": "standardized",
            "robust": "robust",
            "maxabs": "/ max |x|",
        }[self.kind]
        shared = self.per == "all" or self.kind in ("none", "divide")
        return words if shared else f"{words}, per feature"


def _learn(scaler: Scaler, x: NDArray[Any]) -> tuple[Floats, Floats]:
    """Shift and scale, (d,) each, that scikit-learn's scaler learns from the columns of x.

    Asked to fit 60,000 × 784 bytes at once scikit-learn makes several float64 copies of them.
    It is therefore given either chunks, or a few rows on which it must learn the very same:
    the two extremes of each column, or five rows whose quartiles are those of all rows.
    """
    from sklearn import preprocessing as sk

    if scaler.kind in ("minmax", "maxabs"):
        extremes = np.stack([x.min(axis=0), x.max(axis=0)]).astype(np.float64)
        if scaler.kind == "maxabs":
            scale = sk.MaxAbsScaler().fit(extremes).scale_
            return np.zeros_like(scale), scale
        fitted = sk.MinMaxScaler((scaler.low, scaler.high)).fit(extremes)
        return fitted.data_min_ - scaler.low / fitted.scale_, 1 / fitted.scale_
    if scaler.kind == "robust":
        # np.percentile subtracts neighbours in x's own dtype, where int8 would overflow.
        safe = x if x.dtype in (np.uint8, np.float32, np.float64) else x.astype(np.float64)
        low, middle, high = np.percentile(safe, [25, 50, 75], axis=0)
        fitted = sk.RobustScaler().fit(np.stack([low, low, middle, high, high]))
        return fitted.center_, fitted.scale_
    fitted = sk.StandardScaler()
    rows = max(1, CHUNK // x.shape[1])
    for start in range(0, len(x), rows):
        fitted.partial_fit(x[start : start + rows])
    mean = np.zeros_like(fitted.mean_) if scaler.kind == "spread" else fitted.mean_
    return mean, np.ones_like(mean) if scaler.kind == "center" else fitted.scale_


SCALERS: Mapping[str, Scaler] = {
    "none": Scaler("none"),
    "/255": Scaler("divide", k=255.0),
    "/1000": Scaler("divide", k=1000.0),
    "minmax[0,1]": Scaler("minmax"),
    "minmax[-1,1]": Scaler("minmax", low=-1.0),
    "center": Scaler("center"),
    "center-per-feature": Scaler("center", per="feature"),
    "spread": Scaler("spread"),
    "standard": Scaler("standard"),
    "standard-per-feature": Scaler("standard", per="feature"),
    "robust": Scaler("robust"),
    "robust-per-feature": Scaler("robust", per="feature"),
    "maxabs": Scaler("maxabs"),
}


def scaler(name: str) -> Scaler:
    """The scaler of this name in `SCALERS`, or of "/k" for any number k above 0.

    Raises:
        UsageError: there is none.
    """
    if name in SCALERS:
        return SCALERS[name]
    if name.startswith("/"):
        try:
            return Scaler("divide", k=float(name[1:]))
        except ValueError:
            pass
    close = get_close_matches(name, SCALERS, n=1)
    raise UsageError(
        f"unknown scaler {name!r}",
        f"{', '.join(SCALERS)}, or /k for a number k above 0",
        f"did you mean {close[0]!r}?" if close else "",
    )


def spreads(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """(d,) standard deviations; exactly 0 where all values are one, whatever the mean rounds to."""
    if not len(x):
        return np.zeros(x.shape[1])
    return np.where(np.ptp(x, axis=0) > 0, x.std(axis=0), 0.0)
