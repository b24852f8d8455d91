"""What of a look can be drawn: distributions along the chain, and the cloud of the inputs."""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.hyperplanes import missing_share
from unstuck.probes.look import FEATURES, Look
from unstuck.records.shape import QUANTILES, Cloud, Distribution
from unstuck.setups.subject import Floats, Sample

VALUES = 100_000  # of a quantity, evenly spaced, that its quantiles are taken of
LAYERS = 5  # whose pre-activations are told: the first ones, and the last
POINTS, LINES = 120, 24
SAME = 1e-3  # of the pre-activations' spread, by which a first layer may differ from x·w + b
CHECKED = 64  # examples on which that is seen
BYTES = 1 << 26  # of each array, that a fingerprint is taken of


def distributions(look: Look, cut: Look | None = None) -> tuple[Distribution, ...]:
    """Inputs, targets of a regression, pre-activations and outputs, in the order of the flow.

    Args:
        cut: the same set-up with a suspect's cut.
    """
    after = {} if cut is None else dict(_quantities(cut))
    made = []
    for says, values in _quantities(look):
        quantiles = _quantiles(values)
        if quantiles:
            made.append(Distribution(says, quantiles, _quantiles(after.get(says))))
    return tuple(made)


def _quantities(look: Look) -> Iterator[tuple[str, Floats]]:
    if look.features.size:
        yield "inputs", look.features
    if look.targets is not None:
        yield "targets", look.targets
    seen = [layer for layer in look.seen.layers if layer.pre_activation is not None]
    for layer in [*seen[: LAYERS - 1], *seen[LAYERS - 1 :][-1:]]:
        assert layer.pre_activation is not None
        yield f"pre-activations of {layer.name}", layer.pre_activation
    if look.about.output_activation != "linear" or not seen:
        yield "outputs", look.seen.output


def _quantiles(values: Floats | None) -> tuple[float, ...]:
    if values is None:
        return ()
    flat = values.ravel()
    flat = flat[:: -(-flat.size // VALUES) or 1]
    flat = flat[np.isfinite(flat)].astype(np.float64)
    if not flat.size:
        return ()
    return tuple(_short(q) for q in np.quantile(flat, QUANTILES))


def _short(value: float) -> float:
    """Four digits: drawn, nobody sees more."""
    return float(f"{value:.4g}")


def cloud(look: Look, says: str) -> Cloud | None:
    """The inputs in the plane of their two leading principal components; None where the first
    layer is not a dense one on the inputs as they are, or they have fewer than two features.

    Args:
        says: what was done to the inputs.
    """
    first = _first_layer(look)
    if first is None:
        return None
    kernel, bias, x, z = first
    middle = x.mean(axis=0)
    few = x[:: -(-len(x) // POINTS)] - middle
    _, sizes, axes = np.linalg.svd(few, full_matrices=False)
    if len(sizes) < 2 or not sizes[1] > 0:
        return None
    plane = axes[:2].T  # (d, 2)
    chosen = np.unique(np.linspace(0, len(kernel) - 1, min(len(kernel), LINES)).astype(int))
    normals = kernel[chosen] @ plane
    lengths = np.linalg.norm(normals, axis=1)
    offsets = kernel[chosen] @ middle + bias[chosen]
    lines = np.column_stack([normals, offsets])[lengths > 0] / lengths[lengths > 0, None]
    return Cloud(
        says,
        tuple((_short(a), _short(b)) for a, b in few @ plane),
        tuple((_short(a), _short(b), _short(c)) for a, b, c in lines),
        missing_share(z),
        float(np.sum(sizes[:2] ** 2) / np.sum(sizes**2)),
    )


def _first_layer(look: Look) -> tuple[Floats, Floats, Floats, Floats] | None:
    """(kernel (units, d), bias (units,), inputs (n, d), pre-activations (n, units)) of a first
    layer whose pre-activations are x·w + b of the inputs as they are."""
    x = look.sample.x[0]
    layer = next((k for k in look.seen.layers if k.pre_activation is not None), None)
    if layer is None or len(look.sample.x) > 1 or look.sample.kinds != ("values",):
        return None
    z = layer.pre_activation
    if z is None or len(z) != len(x) or not 2 <= x[0].size <= FEATURES:
        return None
    flat = np.asarray(x.reshape(len(x), -1), np.float64)
    if not np.isfinite(flat).all():
        return None
    own = [p for p in look.seen.parameters if p.layer == layer.name]
    found = next((p for p in own if p.fan_in == flat.shape[1] and p.unit_axis is not None), None)
    if found is None or found.unit_axis is None or found.value.size != flat.shape[1] * z.shape[1]:
        return None
    kernel = np.moveaxis(found.value, found.unit_axis, 0).reshape(z.shape[1], -1)
    bias = next(
        (p.value for p in own if p.fan_in is None and p.value.shape == (z.shape[1],)),
        np.zeros(z.shape[1]),
    )
    off = np.abs(flat[:CHECKED] @ kernel.T + bias - z[:CHECKED])
    if not off.max() <= SAME * max(float(z.std()), 1e-12):
        return None
    return kernel, bias, flat, z


def fingerprint(sample: Sample) -> str:
    """The first sixteen hex digits of the SHA-256 of dtype, shape and bytes (64 MB of each array
    at most) of the inputs and targets that are looked at; "" where these are no numbers."""
    digest = hashlib.sha256()
    arrays: list[NDArray[np.generic]] = [*sample.x, *([] if sample.y is None else [sample.y])]
    for array in arrays:
        if array.dtype.hasobject:
            return ""
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        rows = max(1, BYTES * len(array) // max(1, array.nbytes))
        digest.update(np.ascontiguousarray(array[:rows]).tobytes())
    return digest.hexdigest()[:16]
