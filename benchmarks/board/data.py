"""Data of drawn set-ups: made by seed, scaled, with the faults that are injected into data."""

import os
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np

from board.faults import settings
from board.spec import Spec, between

Arrays = dict[str, Any]
WHOLE = ("digits", "fashion")  # pixels share a scale
JUDGED = 600  # held-out rows that few rows are judged by, at least


@cache
def _digits() -> tuple[Any, Any]:
    from unstuck.data.digits import load

    data = load()
    return data.x_train.reshape(-1, 64).astype(np.float64), data.y_train.astype(np.int64)


@cache
def _fashion() -> tuple[Any, Any]:
    if not os.environ.get("UNSTUCK_DATA"):
        return _digits()
    from unstuck.data.sources import DataRef

    data = DataRef("fashion-mnist").load()
    x = data.x_train[:1600].reshape(1600, 28, 28)[:, 1::3, 1::3]
    return x.reshape(1600, 81).astype(np.float64), data.y_train[:1600].astype(np.int64)


def _bundled(name: str) -> Callable[[], tuple[Any, Any]]:
    def load() -> tuple[Any, Any]:
        import sklearn.datasets as sets

        x, y = getattr(sets, f"load_{name}")(return_X_y=True)
        return np.asarray(x, np.float64), y

    return cache(load)


def _made(name: str, **options: Any) -> Callable[[], tuple[Any, Any]]:
    def load() -> tuple[Any, Any]:
        import sklearn.datasets as sets

        x, y = getattr(sets, f"make_{name}")(random_state=0, **options)
        return np.asarray(x, np.float64), y

    return cache(load)


@cache
def _bits(n: int) -> tuple[Any, Any]:
    x = np.array([[(i >> k) & 1 for k in range(n)] for i in range(2**n)], np.float64)
    return x, (x.sum(axis=1) % 2).astype(np.int64)


@cache
def _mixed() -> tuple[Any, Any]:
    """Twenty features that are mixtures of four, with noise."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 4)) @ rng.normal(size=(4, 20)) + 0.3 * rng.normal(size=(1500, 20))
    return x, x


@cache
def _waves() -> tuple[Any, Any]:
    """Noisy waves of 24 points and three frequencies; (n, 24, 1)."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 1500)
    t = np.arange(24)[None]
    phase, size = rng.uniform(0, 6.3, (1500, 1)), rng.uniform(0.7, 1.3, (1500, 1))
    x = size * np.sin((0.25 + 0.3 * y[:, None]) * t + phase) + 0.15 * rng.normal(size=(1500, 24))
    return x[:, :, None], y.astype(np.int64)


@cache
def _sums() -> tuple[Any, Any]:
    """The discounted sum of a series of 15 points; (n, 15, 1)."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1500, 15))
    return x[:, :, None], x @ (0.8 ** np.arange(15)[::-1]) + 0.05 * rng.normal(size=1500)


@cache
def _tokens() -> tuple[Any, Any]:
    """Which of four tokens is the commonest among twelve; (n, 12) of ids 0 … 7."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 8, (3000, 12))
    counts = (x[:, :, None] == np.arange(4)).sum(axis=1)
    top = np.sort(counts, axis=1)
    clear = top[:, -1] > top[:, -2]
    return x[clear][:1500], counts[clear].argmax(axis=1)[:1500].astype(np.int64)


SETS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "digits": _digits,
    "fashion": _fashion,
    "wine": _bundled("wine"),
    "iris": _bundled("iris"),
    "cancer": _bundled("breast_cancer"),
    "diabetes": _bundled("diabetes"),
    "blobs": _made("classification", n_samples=1500, n_features=20, n_informative=10,
                   n_classes=4, class_sep=1.5),
    "moons": _made("moons", n_samples=1200, noise=0.15),
    "rare": _made("classification", n_samples=2400, n_features=10, n_informative=6,
                  weights=[0.93], class_sep=1.6, flip_y=0.0),
    "friedman": _made("friedman1", n_samples=1500, noise=0.5),
    "friedman2": _made("friedman2", n_samples=1500, noise=20.0),
    "linear": _made("regression", n_samples=1200, n_features=12, noise=5.0),
    "xor": lambda: _bits(2),
    "parity": lambda: _bits(3),
    "mixed": _mixed,
    "waves": _waves,
    "sums": _sums,
    "tokens": _tokens,
}  # fmt: skip
# Subject -> data sets; of regressions, which are told by their name.
BY_SUBJECT = {
    "classes": ("digits", "wine", "cancer", "blobs", "moons"),
    "numbers": ("friedman", "friedman2", "linear"),
    "few rows": ("xor", "parity", "iris", "wine", "moons", "linear", "cancer"),
    "imbalanced": ("rare",),
    "autoencoder": ("mixed", "digits"),
    "sequences": ("waves", "sums"),
    "images": ("digits", "fashion"),
    "transformer": ("tokens", "waves"),
}
NUMBERS = ("friedman", "friedman2", "linear", "diabetes", "sums", "mixed")


@lru_cache(16)
def arrays(spec: Spec, judged: bool = False) -> Arrays:
    """x_train, y_train, x_test, y_test as the program reads them.

    Args:
        judged: held-out rows for whoever judges: of few rows more than the program has.
    """
    x, y = SETS[spec.data]()
    rng = np.random.default_rng(spec.seed + 1)
    if spec.data in ("xor", "parity"):
        kept = held = np.arange(len(x))
        x = 2 * x - 1
    else:
        order = rng.permutation(len(x))
        rows = order[: spec.rows] if spec.rows else order
        cut = max(len(rows) // 4, 2)
        held, kept = rows[:cut], rows[cut:]
        if judged and spec.rows:
            held = np.concatenate([held, order[spec.rows :][:JUDGED]])
    classes = spec.sound.loss != "squared"
    made = np.random.default_rng(spec.seed + 2)
    x_train, x_test = np.array(x[kept]), np.array(x[held])
    y_train, y_test = np.array(y[kept]), np.array(y[held])
    if spec.data != "tokens" and spec.data not in ("xor", "parity"):
        shift, scale = _fit(spec, x_train)
        x_train, x_test = (x_train - shift) / scale, (x_test - shift) / scale
    if not classes and spec.subject != "autoencoder":
        mean, sd = y_train.mean(), y_train.std()
        y_train, y_test = (y_train - mean) / sd, (y_test - mean) / sd
    for fault, strength in zip(spec.faults, spec.strengths, strict=True):
        if fault in _INJECT:
            x_train, y_train, x_test, y_test = _INJECT[fault](
                (x_train, y_train, x_test, y_test), strength, made
            )
    if "not-shuffled" in spec.faults:
        order = np.argsort(y_train, kind="stable")
        x_train, y_train = x_train[order], y_train[order]
    return _shaped(spec, x_train, y_train, x_test, y_test)


def _shaped(spec: Spec, x_train: Any, y_train: Any, x_test: Any, y_test: Any) -> Arrays:
    """In the framework's axes and dtypes."""
    tokens = spec.data == "tokens"
    xs = [a.astype(np.int64 if tokens else np.float32) for a in (x_train, x_test)]
    if spec.subject == "images":
        side = int(np.sqrt(xs[0].shape[1]))
        shape = (1, side, side) if spec.kind == "torch" else (side, side, 1)
        xs = [a.reshape(len(a), *shape) for a in xs]
    if spec.subject == "autoencoder":
        return {"x_train": xs[0], "y_train": xs[0], "x_test": xs[1], "y_test": xs[1]}
    ys = [y_train, y_test]
    if spec.sound.loss == "squared":
        ys = [a.astype(np.float32) for a in ys]
        if settings(spec).column and spec.kind != "sklearn":
            ys = [a[:, None] for a in ys]
    else:
        ys = [a.astype(np.int64) for a in ys]
    return {"x_train": xs[0], "y_train": ys[0], "x_test": xs[1], "y_test": ys[1]}


def _fit(spec: Spec, x: Any) -> tuple[Any, Any]:
    axis = None if spec.data in WHOLE or x.ndim > 2 else 0
    if spec.scaler == "standard":
        shift, scale = x.mean(axis=axis), x.std(axis=axis)
    elif spec.scaler == "minmax":
        shift, scale = x.min(axis=axis), np.ptp(x, axis=axis)
    else:
        shift, scale = 0.0, np.abs(x).max(axis=axis)
    return shift, np.where(scale > 0, scale, 1.0)


Four = tuple[Any, Any, Any, Any]  # x_train, y_train, x_test, y_test


def _scaled(low: float, high: float) -> Callable[[Four, float, Any], Four]:
    def inject(four: Four, strength: float, rng: Any) -> Four:
        factor = between(low, high, strength)
        return four[0] * factor, four[1], four[2] * factor, four[3]

    return inject


def _moved(four: Four, strength: float, rng: Any) -> Four:
    move = between(30, 300, strength)
    return four[0] + move, four[1], four[2] + move, four[3]


def _features(four: Four, strength: float, rng: Any) -> Four:
    powers = 10 ** rng.uniform(-1, between(3, 6, strength), four[0].shape[1])
    return four[0] * powers, four[1], four[2] * powers, four[3]


def _outliers(four: Four, strength: float, rng: Any) -> Four:
    x = four[0].copy()
    rows = rng.choice(len(x), max(3, len(x) // 80), replace=False)
    x[rows, rng.integers(0, x.shape[1], len(rows))] = between(1e3, 1e6, strength)
    return x, *four[1:]


def _not_finite(four: Four, strength: float, rng: Any) -> Four:
    x = four[0].copy()
    x[rng.choice(len(x), max(1, int(between(1, 30, strength))), replace=False), 0] = np.nan
    return x, *four[1:]


def _mismatched(four: Four, strength: float, rng: Any) -> Four:
    x_test = four[2] * between(20, 300, strength) + between(1, 10, strength)
    return four[0], four[1], x_test, four[3]


def _target_scale(four: Four, strength: float, rng: Any) -> Four:
    factor = between(1e3, 1e8, strength)
    return four[0], four[1] * factor, four[2], four[3] * factor


def _target_range(four: Four, strength: float, rng: Any) -> Four:
    factor = between(10, 50, strength)
    return four[0], four[1] * factor + 100, four[2], four[3] * factor + 100


_INJECT: dict[str, Callable[[Four, float, Any], Four]] = {
    "input-spread": _scaled(80, 1000),
    "input-too-small": _scaled(1e-5, 1e-3),
    "input-offset": _moved,
    "feature-scales": _features,
    "input-outliers": _outliers,
    "non-finite-data": _not_finite,
    "split-mismatch": _mismatched,
    "target-scale": _target_scale,
    "target-range": _target_range,
}
