"""Features on different scales."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.cures import FEATURES
from unstuck.causes.examples import regression, regressor
from unstuck.changes.input_scaling import PER_FEATURE
from unstuck.symptoms.inputs import SCALES


def _shows() -> Example:
    x, _ = regression()
    return regressor("features on scales 1 to 10⁷", (x * 10.0 ** np.arange(8)).astype(np.float32))


def _look_alike() -> Example:
    draw = np.random.default_rng(0)
    x, _ = regression()
    rare = (draw.random(size=(1000, 8)) < 0.01).astype(np.float32)
    return regressor("rare binary features beside dense ones", np.hstack([x, rare]))


CAUSE = Cause(
    "feature-scales",
    "features on different scales",
    "The largest features alone decide pre-activations and the curvature, and so the step that"
    " is stable."
    " For the small ones that step is too small by the square of the ratio, and they are not"
    " learnt.",
    signs=(SCALES,),
    cures=FEATURES,
    cut=PER_FEATURE,
    changes=(PER_FEATURE,),
    shows=_shows,
    look_alike=_look_alike,
)
