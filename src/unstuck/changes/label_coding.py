"""Labels written as class ids 0 … K−1, in the order of their values."""

from dataclasses import replace

import numpy as np

from unstuck.changes.change import Intervention
from unstuck.setups.data import Data


def _recoded(data: Data) -> Data:
    """Distinct values become ids; anything but one value an example is left as it is."""
    both = np.concatenate([data.y, data.y_held])
    if both.reshape(len(both), -1).shape[1] != 1:
        return data
    _, ids = np.unique(both.reshape(-1), return_inverse=True)
    ids = ids.astype(np.int64)
    n = len(data.y)
    return replace(data, y=ids[:n], y_held=ids[n:])


LABELS = Intervention("labels-recoded", "labels written as class ids 0 … K−1", _recoded)
