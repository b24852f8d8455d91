"""What if the data reached the network differently? Looked at again, without training.

A harm that goes away when one thing about the data is changed, and nothing else, is a
consequence of that thing: it is a link of its chain and not a cause of its own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.change import Change, Part
from unstuck.changes.data import Data
from unstuck.probes.look import Look
from unstuck.setups.subject import Inputs


def what_if(change: Change, look: Look) -> tuple[Inputs, NDArray[Any] | None]:
    """The sample's inputs and targets with a change of inputs or targets, fitted to the sample;
    float32 where they were changed."""
    x, y = look.sample.x, look.sample.y
    if change.part is Part.TARGETS and y is None:
        return x, y
    held = np.zeros(len(x[0])) if y is None else y
    changed = change.data(Data(x, held, x, held, tuple(look.sample.kinds)))
    return changed.x, None if y is None else changed.y
