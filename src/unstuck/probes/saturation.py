"""How much of a bounded activation sits where its slope has all but vanished.

Source: Glorot & Bengio 2010, who watched saturation as activations near their asymptotes.
"""

import numpy as np
from numpy.typing import NDArray

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe

# Within 1 % of an asymptote's range: sigmoid(4.595) = 0.99, tanh(2.298) = 0.98 (range 2).
_BEYOND = {"sigmoid": float(np.log(99.0)), "tanh": float(np.arctanh(0.98))}


def saturated_share(pre_activations: NDArray[np.floating], activation: str) -> float | None:
    """Share of (example, unit) pairs within 1 % of the range of an asymptote; None if unbounded.

    Args:
        pre_activations: (examples, units).
        activation: "sigmoid" and "tanh" saturate on both sides; others return None.
    """
    beyond = _BEYOND.get(activation)
    return None if beyond is None else float(np.mean(np.abs(pre_activations) > beyond))


def saturated_softmax_share(logits: NDArray[np.floating], epsilon: float = 1e-7) -> float:
    """Share of examples whose largest softmax probability exceeds 1 − epsilon.

    Args:
        logits: (examples, classes).
        epsilon: Keras's clipping constant by default.
    """
    z = logits.astype(np.float64)
    others = np.sort(z - z.max(axis=1, keepdims=True), axis=1)[:, :-1]
    return float(np.mean(np.exp(others).sum(axis=1) < epsilon / (1.0 - epsilon)))


def units(look: Look) -> Measured:
    """Share of (example, unit) pairs of a sigmoid or tanh layer within 1 % of the activation's
    range of an asymptote.

    Source: Glorot & Bengio 2010, §3.
    """
    return {
        layer.name: saturated_share(layer.pre_activation, layer.activation)
        for layer in look.seen.layers
        if layer.pre_activation is not None and layer.activation in _BEYOND
    }


def softmax(look: Look) -> Measured:
    """Share of examples whose largest softmax probability exceeds 1 − 10⁻⁷, Keras's ε."""
    z = look.seen.logits
    if look.task != "classification" or z.shape[1] < 2 or not np.isfinite(z).all():
        return None
    return saturated_softmax_share(z)


PROBES = (
    Probe("saturated_units", "share", units),
    Probe("saturated_softmax", "share", softmax),
)
