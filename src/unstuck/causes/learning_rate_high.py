"""A learning rate beyond what the curvature allows."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.learning_rate import LOWER
from unstuck.symptoms.step import ABOVE_CRITICAL, OVERSHOOT


def _shows() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("SGD with rate 30", optimizer=keras("sgd", learning_rate=30.0))


def _look_alike() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("SGD with rate 0.1", optimizer=keras("sgd", learning_rate=0.1))


CAUSE = Cause(
    "learning-rate-high",
    "a learning rate beyond what the curvature allows",
    "Beyond the critical rate every step along the sharpest direction lands farther from the"
    " minimum than it began."
    " The loss grows or jumps about, and units die or saturate on the way.",
    signs=(OVERSHOOT, ABOVE_CRITICAL),
    cures={
        "": "a learning rate below the critical one that the report names",
    },
    harms=("step-overshoots", "rate-above-critical"),
    changes=LOWER,
    shows=_shows,
    look_alike=_look_alike,
)
