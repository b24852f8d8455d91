"""Examples with NaN or infinite values left out of training."""

from dataclasses import replace

from unstuck.changes.change import Intervention
from unstuck.setups.data import Data, finite_rows


def _finite(data: Data) -> Data:
    sound = finite_rows((*data.x, data.y))
    return replace(data, x=tuple(a[sound] for a in data.x), y=data.y[sound])


FINITE = Intervention("finite-only", "examples that are not finite left out", _finite)
