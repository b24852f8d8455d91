"""Mean and spread of each layer's pre-activations."""

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def mean(look: Look) -> Measured:
    """Mean over examples and units of a layer's pre-activations z."""
    return {
        layer.name: None if layer.pre_activation is None else float(layer.pre_activation.mean())
        for layer in look.seen.layers
    }


def spread(look: Look) -> Measured:
    """Standard deviation over examples and units of a layer's pre-activations z; about 1 where
    initialisation and inputs suit each other.

    Source: Glorot & Bengio 2010; Mishkin & Matas 2016 (LSUV) make it 1.
    """
    return {
        layer.name: None if layer.pre_activation is None else float(layer.pre_activation.std())
        for layer in look.seen.layers
    }


PROBES = (
    Probe("pre_activation_mean", "units of z", mean),
    Probe("pre_activation_spread", "units of z", spread),
)
