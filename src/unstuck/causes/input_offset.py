"""Inputs far from 0 for their spread."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.cures import FEATURES
from unstuck.causes.examples import regressor
from unstuck.changes.input_scaling import CENTER
from unstuck.symptoms.inputs import OFFSET


def _shows() -> Example:
    from unstuck.engine.optimizers import keras

    draw = np.random.default_rng(0)
    x = draw.normal(68.0, 1.5, size=(1000, 8))
    y = ((x[:, :1] - 68) / 1.5).astype(np.float32)
    return regressor(
        "body measures: mean 68, sd 1.5", x.astype(np.float32), y, optimizer=keras("sgd")
    )


def _look_alike() -> Example:
    from unstuck.engine.optimizers import keras

    draw = np.random.default_rng(0)
    x = draw.random(size=(1000, 8)).astype(np.float32)
    return regressor("features 0 to 1, mean 0.5", x, np.sin(4 * x[:, :1]), optimizer=keras("sgd"))


CAUSE = Cause(
    "input-offset",
    "inputs far from 0 for their spread",
    "The mean adds an eigenvalue of its square to the curvature, and all units react to it alike."
    " The step that is stable along the mean is too small for what distinguishes the examples.",
    signs=(OFFSET,),
    cures=FEATURES,
    cut=CENTER,
    changes=(CENTER,),
    shows=_shows,
    look_alike=_look_alike,
)
