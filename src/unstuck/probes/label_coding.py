"""How the targets are written down, against what the loss wants."""

import numpy as np

from unstuck.probes.look import Look, Measured, one_hot
from unstuck.probes.probe import Probe


def coding(look: Look) -> Measured:
    """What the targets look like: "ids 0…", "ids from 1…", "one-hot", "0 or 1", "-1 or 1",
    "fractions" (few different values, none of them whole but 0 and 1) or "values"."""
    y = look.sample.y
    if y is None or not y.size or not np.isfinite(y).all():
        return None
    if one_hot(y):
        return "one-hot"
    values = np.unique(y)
    whole = bool(np.all(values == np.round(values)))
    if whole and len(values) <= 2 and set(values.tolist()) <= {0, 1}:
        return "0 or 1"
    if whole and set(values.tolist()) == {-1, 1}:
        return "-1 or 1"
    if whole and y.size == len(y):
        return f"ids {int(values[0])} to {int(values[-1])}"
    steps = values[1:] / values[1] if len(values) > 1 and values[0] == 0 and values[1] else values
    if len(values) <= 256 and values[0] >= 0 and values[-1] <= 1 and y.size == len(y):
        even = np.allclose(steps, np.round(steps), atol=1e-3)
        return "fractions" if even and len(values) > 2 else "values"
    return "values"


def shape(look: Look) -> Measured:
    """Shape of one target and of one output."""
    y = look.sample.y
    if y is None:
        return None
    return {"target": str(y.shape[1:]), "output": str(look.seen.output.shape[1:])}


PROBES = (
    Probe("label_coding", "name", coding),
    Probe("target_shape", "shape", shape),
)
