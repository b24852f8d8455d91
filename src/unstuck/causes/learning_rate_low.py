"""A learning rate too small to get anywhere."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.learning_rate import HIGHER
from unstuck.symptoms.step import TOO_SLOW


def _shows() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("SGD with rate 10⁻⁶", optimizer=keras("sgd", learning_rate=1e-6))


def _look_alike() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("SGD with rate 0.01", optimizer=keras("sgd"))


CAUSE = Cause(
    "learning-rate-low",
    "a learning rate too small to get anywhere",
    "Each step removes a share of the loss in proportion to the learning rate."
    " At this one the steps of many epochs together do not amount to anything.",
    signs=(TOO_SLOW,),
    cures={
        "": "a learning rate a tenth to a half of the critical one that the report names",
    },
    harms=("next-to-no-progress",),
    changes=HIGHER,
    shows=_shows,
    look_alike=_look_alike,
)
