"""Hidden units at their asymptotes."""

from dataclasses import replace

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.initialization import GLOROT, LSUV
from unstuck.symptoms.start import SATURATED_UNITS


def _shows() -> Example:
    from unstuck.engine.network import mlp
    from unstuck.engine.setup import FirstKernel

    example = classifier(
        "tanh units with a first kernel four times Glorot’s",
        network=mlp([64, 64], 10, "tanh", "linear"),
    )
    setup = replace(example.model, first_kernel=FirstKernel(initial=4.0))
    return replace(example, model=setup)


def _look_alike() -> Example:
    from unstuck.engine.network import mlp

    return classifier("tanh units, Glorot", network=mlp([64, 64], 10, "tanh", "linear"))


CAUSE = Cause(
    "saturation",
    "hidden units at their asymptotes",
    "A sigmoid or tanh far from 0 has next to no slope, and passes next to no gradient back."
    " The layers before it learn slowly or not at all.",
    signs=(SATURATED_UNITS,),
    cures={
        "": "smaller initial weights, a normalization layer before the activation, or ReLU units",
    },
    harms=("saturated-units", "gradient-vanishes"),
    changes=(LSUV, GLOROT),
    shows=_shows,
    look_alike=_look_alike,
)
