"""Examples with NaN or infinite values left out of training."""

from dataclasses import replace

import numpy as np

from unstuck.interventions.intervention import Intervention
from unstuck.trials.data import Data


def _finite(data: Data) -> Data:
    n = len(data.y)
    arrays = [a for a in (*data.x, data.y) if a.dtype.kind == "f"]
    sound = np.ones(n, bool)
    for a in arrays:
        sound &= np.isfinite(a.reshape(n, -1)).all(axis=1)
    return replace(data, x=tuple(a[sound] for a in data.x), y=data.y[sound])


FINITE = Intervention("finite-only", "examples that are not finite left out", _finite)
