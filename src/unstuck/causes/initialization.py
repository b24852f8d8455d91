"""Weights drawn far too large, too small, or all alike."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.initialization import GLOROT, HE, LSUV
from unstuck.symptoms.start import KERNEL_GAIN, LOSS_AT_START, UNITS_ALIKE


def _shows() -> Example:
    from unstuck.engine.network import mlp

    return classifier("all weights one", network=mlp([64, 64], 10, output="linear", kernel="ones"))


def _look_alike() -> Example:
    from unstuck.engine.network import mlp

    return classifier(
        "He’s initialisation", network=mlp([64, 64], 10, output="linear", kernel="he_normal")
    )


CAUSE = Cause(
    "initialization",
    "weights drawn far too large, too small, or all alike",
    "Signals grow or shrink by the gain of every layer they pass, and units that start alike"
    " stay alike."
    " The network saturates, explodes, vanishes, or works with one unit a layer.",
    signs=(UNITS_ALIKE, KERNEL_GAIN, LOSS_AT_START),
    cures={
        "keras": 'kernel_initializer="glorot_uniform" (the default), "he_normal" for ReLU',
        "torch": "torch.nn.init.kaiming_normal_(layer.weight); torch.nn.init.zeros_(layer.bias)",
        "": "draw kernels with variance 1/inputs (2/inputs for ReLU), biases 0",
    },
    harms=(
        "units-alike",
        "loss-at-start",
        "output-spread-at-start",
        "frozen-examples",
        "saturated-units",
        "dead-units",
        "gradient-vanishes",
        "no-gradient",
        "step-overshoots",
        "rate-above-critical",
        "next-to-no-progress",
    ),
    changes=(GLOROT, HE, LSUV),
    shows=_shows,
    look_alike=_look_alike,
)
