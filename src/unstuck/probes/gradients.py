"""How large the gradient is, layer by layer, and where there is none."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe
from unstuck.probes.sums import dot


def norms(look: Look) -> Measured:
    """Euclidean norm of the mean loss's gradient with respect to each layer's kernel (to all
    parameters of layers that have none)."""
    kernels = {p.layer for p in look.seen.parameters if p.fan_in is not None}
    squares: dict[str, float] = {}
    for p in look.seen.parameters:
        if p.gradient is not None and (p.fan_in is not None or p.layer not in kernels):
            squares[p.layer] = squares.get(p.layer, 0.0) + dot(p.gradient, p.gradient)
    return {layer: float(np.sqrt(total)) for layer, total in squares.items()}


def ratio(look: Look) -> Measured:
    """Smallest over largest gradient among the kernels, each as root mean square an entry.

    Near 0 where the gradient vanishes or explodes on its way back; not measured where a kernel that
    begins at zero lets nothing back yet. Source: Glorot & Bengio 2010.
    """
    if look.begins_at_zero:
        return None
    sizes = [
        float(np.sqrt(dot(p.gradient, p.gradient) / p.gradient.size))
        for p in look.seen.parameters
        if p.gradient is not None and p.fan_in is not None
    ]
    largest = max(sizes, default=0.0)
    return min(sizes) / largest if len(sizes) > 1 and largest > 0 else None


def silent(look: Look) -> Measured:
    """Share of trainable parameters, by number of entries, in arrays whose gradient is missing
    or exactly 0 throughout; not measured where a kernel that begins at zero lets nothing back yet.
    """
    if look.begins_at_zero:
        return None
    trainable = [p for p in look.seen.parameters if p.trainable]
    entries = sum(p.value.size for p in trainable)
    if not entries:
        return None
    without = sum(p.value.size for p in trainable if p.gradient is None or not np.any(p.gradient))
    return without / entries


PROBES = (
    Probe("gradient_norm", "loss / weight", norms),
    Probe("gradient_ratio", "ratio", ratio),
    Probe("silent_parameters", "share", silent),
)
