"""What if the data reached the network differently? Looked at again, without training.

A harm that goes away when one thing about the data is changed, and nothing else, is a
consequence of that thing: it is a link of its chain and not a cause of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.input_clipping import clip
from unstuck.changes.input_scaling import center, standard_per_feature, unit_spread
from unstuck.probes.look import Look
from unstuck.scalers import Affine
from unstuck.setups.subject import Inputs

# What trials fit, and without scikit-learn: importing it takes as long as all else together.
_SCALERS: Mapping[str, Callable[[NDArray[np.float64]], Affine]] = {
    "spread": unit_spread,
    "center-per-feature": center,
    "standard-per-feature": standard_per_feature,
}


@dataclass(frozen=True)
class WhatIf:
    """A change of the data alone.

    Args:
        says: the change in a few words, e.g. "inputs divided by their standard deviation".
        inputs: name in `_SCALERS`, fitted on the sample; None to leave the inputs.
        clip: bring values beyond so many times the 99th percentile of their feature back to it.
        targets: whether targets are standardized.
    """

    says: str
    inputs: str | None = None
    clip: float | None = None
    targets: bool = False

    def __call__(self, look: Look) -> tuple[Inputs, NDArray[Any] | None]:
        """The sample's inputs and targets, changed; float32 where they were changed."""
        x = look.sample.x
        if self.inputs is not None or self.clip is not None:
            x = tuple(
                self._changed(a) if kind == "values" else a
                for a, kind in zip(x, look.sample.kinds, strict=True)
            )
        y = look.sample.y
        if self.targets and y is not None:
            flat = y.reshape(len(y), -1).astype(np.float64)
            fitted = _SCALERS["standard-per-feature"](flat)
            dtype = y.dtype if np.issubdtype(y.dtype, np.floating) else np.float32
            y = fitted(flat).reshape(y.shape).astype(dtype)
        return x, y

    def _changed(self, x: NDArray[Any]) -> NDArray[Any]:
        flat = x.reshape(len(x), -1)
        dtype = x.dtype if np.issubdtype(x.dtype, np.floating) else np.float32
        values = flat.astype(np.float64)
        if self.clip is not None:
            values = clip(values, self.clip)(values)
        if self.inputs is not None:
            values = _SCALERS[self.inputs](values)(values)
        return values.reshape(x.shape).astype(dtype)
