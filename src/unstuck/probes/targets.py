"""Where a regression's targets lie, against what the output can reach."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe

# Closed range of an output activation.
_RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, np.inf),
    "softplus": (0.0, np.inf),
    "relu6": (0.0, 6.0),
    "exp": (0.0, np.inf),
    "exponential": (0.0, np.inf),
}


def location(look: Look) -> Measured:
    """Mean of a regression's targets."""
    return None if look.targets is None else float(look.targets.mean())


def spread(look: Look) -> Measured:
    """Standard deviation of a regression's targets, the root of the mean over outputs of the
    variance."""
    return None if look.targets is None else float(np.sqrt(look.targets.var(axis=0).mean()))


def value_range(look: Look) -> Measured:
    """Smallest and largest target of a regression."""
    if look.targets is None or not look.targets.size:
        return None
    return {"min": float(look.targets.min()), "max": float(look.targets.max())}


def distance(look: Look) -> Measured:
    """Root mean square of target − output at the start: how far the function has to move."""
    if look.targets is None or look.targets.shape != look.seen.output.shape:
        return None
    return float(np.sqrt(np.mean(np.square(look.targets - look.seen.output))))


def output_excess(look: Look) -> Measured:
    """Standard deviation of the output at the start over that of the targets, in a regression."""
    aim = spread(look)
    return float(look.seen.output.std()) / aim if isinstance(aim, float) and aim > 0 else None


def unreachable(look: Look) -> Measured:
    """Share of targets outside the range of the output activation, by over 1 % of that range
    (of the targets' own range where the activation's has no end)."""
    y, span = look.sample.y, _RANGES.get(look.about.output_activation)
    if y is None or span is None or look.task == "classification":
        return None
    low, high = span
    slack = 0.01 * (high - low if np.isfinite(high) else float(np.ptp(y)) or 1.0)
    return float(np.mean((y < low - slack) | (y > high + slack)))


PROBES = (
    Probe("target_mean", "units of the targets", location),
    Probe("target_spread", "units of the targets", spread),
    Probe("target_range", "units of the targets", value_range),
    Probe("target_distance", "units of the targets", distance),
    Probe("output_excess", "ratio", output_excess),
    Probe("unreachable_targets", "share", unreachable),
)
