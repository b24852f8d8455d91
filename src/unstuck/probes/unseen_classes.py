"""Whether validation asks for what training never shows."""

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Look, Measured, one_hot
from unstuck.probes.probe import Probe


def unseen_classes(look: Look) -> Measured:
    """Share of validation examples of classes that no training example of the sample has."""
    y, other = look.sample.y, look.sample.y_validation
    if y is None or other is None or look.task == "regression":
        return None
    seen, asked = _classes(y), _classes(other)
    if seen is None or asked is None or not len(asked):
        return None
    return float(np.mean(~np.isin(asked, seen)))


def _classes(y: NDArray[np.generic]) -> NDArray[np.generic] | None:
    if one_hot(y):
        return np.asarray(y.argmax(axis=1))
    return y.ravel() if y.size == len(y) else None


PROBES = (Probe("unseen_classes", "share", unseen_classes),)
