"""Both splits on the scale of the training split."""

from dataclasses import replace

import numpy as np

from unstuck.changes.change import Intervention
from unstuck.setups.data import Data


def _matched(data: Data) -> Data:
    """Held-out inputs moved and scaled, as a whole, to the training inputs' mean and spread."""
    matched = []
    for x, held, kind in zip(data.x, data.x_held, data.kinds, strict=True):
        if kind != "values" or not np.std(held):
            matched.append(held)
            continue
        ratio = np.std(x, dtype=np.float64) / np.std(held, dtype=np.float64)
        mean = np.mean(x, dtype=np.float64)
        dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.float32
        moved = (held.astype(np.float64) - np.mean(held, dtype=np.float64)) * ratio + mean
        matched.append(moved.astype(dtype))
    return replace(data, x_held=tuple(matched))


SPLITS = Intervention(
    "splits-matched", "held-out inputs brought to the training inputs' mean and spread", _matched
)
