"""Changes of the data as lines of NumPy, with figures taken from the training examples."""

from unstuck.changes.change import Combination

# Intervention -> lines over x and y, each array (n, …).
_LINES = {
    "inputs-centered": ("x = x - x.mean(axis=0)",),
    "inputs-unit-spread": ("x = x / x.std()",),
    "inputs-standardized": ("x = (x - x.mean()) / x.std()",),
    "features-standardized": (
        "spread = x.std(axis=0)",
        "x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)",
    ),
    "inputs-robust": (
        "low, middle, high = np.percentile(x, [25, 50, 75], axis=0)",
        "x = (x - middle) / np.where(high > low, high - low, 1)",
    ),
    "inputs-log": ("x = np.sign(x) * np.log1p(np.abs(x))",),
    "outliers-clipped": (
        "distance = np.abs(x - np.median(x, axis=0))",
        "bulk = np.percentile(distance, 99, axis=0)",
        "reach = 3 * np.where(bulk > 0, bulk, np.percentile(distance, 99))",
        "x = np.clip(x, np.median(x, axis=0) - reach, np.median(x, axis=0) + reach)",
    ),
    "targets-standardized": (
        "y_mean, y_spread = y.mean(axis=0), y.std(axis=0)",
        "y = (y - y_mean) / y_spread  # predictions: output * y_spread + y_mean",
    ),
    "labels-recoded": ("y = np.unique(y, return_inverse=True)[1].reshape(-1)",),
    "finite-only": (
        "sound = np.isfinite(x.reshape(len(x), -1)).all(axis=1)",
        "x, y = x[sound], y[sound]",
    ),
    "splits-matched": ("# scale the validation inputs with the figures of the training inputs",),
}


def lines(change: Combination, names: frozenset[str] | None = None) -> list[str]:
    """What a change does to the data, line by line.

    Args:
        names: interventions to write down; None for all.
    """
    told: list[str] = []
    for intervention in change:
        if names is None or intervention.name in names:
            told += _LINES.get(intervention.name, ())
    return told


def with_numpy(told: list[str]) -> list[str]:
    """The lines with the import they need."""
    return ["import numpy as np", "", *told] if any("np." in line for line in told) else told
