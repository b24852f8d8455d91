"""How large the kernels are drawn, against what their number of inputs asks for."""

import numpy as np

from unstuck.probes.look import Look, Measured, Value
from unstuck.probes.probe import Probe
from unstuck.probes.sums import dot
from unstuck.setups.subject import Parameter


def gain(look: Look) -> Measured:
    """Root mean square of a kernel times √fan_in: by how much a layer multiplies the size of
    what it gets. 1 for LeCun's initialisation, 1.4 for He's, 0.6 for PyTorch's default, up to
    1.4 for Glorot's. Kernels that begin at zero left out.

    Source: LeCun et al. 1998, §4.6; He et al. 2015, eq. 10.
    """
    return {
        p.layer: of
        for p in look.seen.parameters
        if p.name not in look.begins_at_zero and (of := of_kernel(p)) is not None
    }


def of_kernel(parameter: Parameter) -> float | None:
    """Root mean square × √fan_in; None for what is no kernel."""
    if parameter.fan_in is None:
        return None
    square = dot(parameter.value, parameter.value) / parameter.value.size
    return float(np.sqrt(square * parameter.fan_in))


def alike(look: Look) -> Measured:
    """Share of a layer's units whose weights equal those of its first unit: they get the same
    gradient and stay alike. Layers of one unit and kernels that begin at zero left out.

    Source: Goodfellow et al. 2016, "Deep Learning", §8.4: initialisation must break symmetry.
    """
    shares: dict[str, Value] = {}
    for p in look.seen.parameters:
        if p.name in look.begins_at_zero:
            continue
        if p.unit_axis is not None and p.value.shape[p.unit_axis] > 1:
            units = np.moveaxis(p.value, p.unit_axis, 0).reshape(p.value.shape[p.unit_axis], -1)
            shares[p.layer] = float(np.mean((units[1:] == units[0]).all(axis=1)))
    return shares


PROBES = (
    Probe("kernel_gain", "ratio", gain),
    Probe("units_alike", "share", alike),
)
