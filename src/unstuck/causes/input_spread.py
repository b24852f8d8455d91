"""Inputs spread over far more than about 1."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.cures import INPUTS
from unstuck.causes.examples import CLIPPED, classifier, digits
from unstuck.changes.input_scaling import SPREAD
from unstuck.symptoms.inputs import SIZE_LARGE


def _shows() -> Example:
    return classifier("raw pixels 0..255, softmax and clipped loss", digits()[0], loss=CLIPPED)


def _look_alike() -> Example:
    return classifier("pixels / 255: mean 0.3, never negative", digits()[0] / 255, loss=CLIPPED)


CAUSE = Cause(
    "input-spread",
    "inputs spread over far more than about 1",
    "Pre-activations, logits and gradients grow with the inputs, and the curvature with their"
    " square."
    " Outputs saturate at the start, and a step that suits weights of usual size throws the"
    " function far off.",
    signs=(SIZE_LARGE,),
    cures=INPUTS,
    cut=SPREAD,
    changes=(SPREAD,),
    shows=_shows,
    look_alike=_look_alike,
)
