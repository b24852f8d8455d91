"""Whether the examples stand sorted by class."""

import numpy as np

from unstuck.probes.look import Look, Measured, one_hot
from unstuck.probes.probe import Probe


def mixing(look: Look) -> Measured:
    """Mean number of different classes in a batch taken in the stored order, over the number
    expected if the same examples were in random order.

    For a batch of b from classes with shares p the expected number is Σ 1 − (1 − p)^b. For a
    regression the targets are cut into ten classes at their deciles. None without an order, or
    with fewer than two batches.
    """
    order = look.sample.order
    batch = look.about.batch_size
    if order is None or len(order) < 2 * batch or not np.isfinite(order).all():
        return None
    if one_hot(order):
        codes = order.argmax(axis=1)
    elif order.size != len(order):
        return None
    else:
        codes = order.ravel()
        if look.task == "regression" or len(np.unique(codes)) > 100:
            codes = np.searchsorted(np.quantile(codes, np.linspace(0.1, 0.9, 9)), codes)
    _, shares = np.unique(codes, return_counts=True)
    if len(shares) < 2:
        return None
    expected = np.sum(1.0 - (1.0 - shares / len(codes)) ** batch)
    whole = codes[: len(codes) // batch * batch].reshape(-1, batch)
    return float(np.mean([len(np.unique(row)) for row in whole]) / expected)


PROBES = (Probe("class_mixing", "ratio", mixing),)
