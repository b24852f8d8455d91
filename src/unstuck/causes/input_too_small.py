"""Inputs scaled to next to nothing, as when scaled twice."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.cures import INPUTS
from unstuck.causes.examples import classifier, digits, standardized
from unstuck.changes.input_scaling import SPREAD, STANDARD
from unstuck.symptoms.inputs import SIZE_SMALL


def _shows() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("pixels / 255 twice, SGD", digits()[0] / 255**2, optimizer=keras("sgd"))


def _look_alike() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier(
        "tiny but well-conditioned, with a rate to match",
        standardized() / 100,
        optimizer=keras("adam", learning_rate=0.03),
    )


CAUSE = Cause(
    "input-too-small",
    "inputs scaled to next to nothing, as when scaled twice",
    "First-layer gradients shrink with the inputs, and pre-activations are all but the biases."
    " The function hardly depends on the inputs, and steps of usual size hardly change that.",
    signs=(SIZE_SMALL,),
    cures=INPUTS,
    cut=SPREAD,
    changes=(SPREAD, STANDARD),
    shows=_shows,
    look_alike=_look_alike,
)
