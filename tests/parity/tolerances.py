"""How close is close enough: every tolerance of the parity and engine tests, with its reason."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

TOLERANCES = {
    # Both sides add and multiply in other orders, and 60 steps carry the difference on. Seen:
    # TODO. A wrong ε form, a number ignored or a decay in the wrong place shows above 1e-6.
    "float64": 1e-9,
    "float32": 1e-4,
}
