"""What folding a scaler into a first layer has in common, whatever the framework."""

import numpy as np

from unstuck.errors import UsageError
from unstuck.scalers import Affine

ZERO_PADDING = "the first convolution pads with zeros, which are not what the scaler makes of zeros"
PAD_FIRST = "pad the raw inputs with the scaler's shift, in front of a convolution without padding"


def rows(scaler: Affine, features: int, repeat: int = 1) -> Affine:
    """The map of every row of a kernel, (features · repeat,).

    Raises:
        UsageError: the scaler is one of another number of features.
    """
    arrays = []
    for array in (scaler.shift, scaler.scale):
        if array.ndim and len(array) not in (1, features):
            raise UsageError(
                f"a scaler of {len(array)} features for a first layer of {features}",
                "one map for all, or one for each of these (channels, for convolutions)",
            )
        flat = np.broadcast_to(array, (features,))
        arrays.append(np.repeat(flat, repeat))
    return Affine(*arrays)


def nothing() -> UsageError:
    """The error for a model without a scaler, given none."""
    return UsageError(
        "no scaler was given, and the model does not begin with one", "fold(model, scaler)"
    )
