"""Targets the output activation cannot reach."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import regression, regressor
from unstuck.changes.output_activation import LINEAR
from unstuck.symptoms.wiring import UNREACHABLE


def _shows() -> Example:
    from unstuck.engine.network import mlp

    _, y = regression()
    return regressor(
        "a sigmoid output for targets 0 to 50",
        y=10 * (y - y.min()),
        network=mlp([64], 1, output="sigmoid"),
    )


def _look_alike() -> Example:
    from unstuck.engine.network import mlp

    _, y = regression()
    y = (y - y.min()) / (y.max() - y.min())
    return regressor(
        "a sigmoid output for targets 0 to 1", y=y, network=mlp([64], 1, output="sigmoid")
    )


CAUSE = Cause(
    "target-range",
    "targets the output activation cannot reach",
    "A bounded activation is driven to its asymptote by targets beyond it, where its slope"
    " vanishes."
    " Those examples keep an error that no weight can remove.",
    signs=(UNREACHABLE,),
    cures={
        "": "a linear output, or targets scaled into the range of the activation",
    },
    harms=("targets-out-of-reach",),
    changes=(LINEAR,),
    shows=_shows,
    look_alike=_look_alike,
)
