"""Targets far larger than what the output starts with."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import regression, regressor
from unstuck.changes.target_scaling import TARGETS
from unstuck.symptoms.targets import TARGETS_LARGE, TARGETS_SMALL


def _shows() -> Example:
    return regressor("targets spread over 10⁸", y=1e8 * regression()[1])


def _look_alike() -> Example:
    _, y = regression()
    return regressor("log-scaled targets: mean 12, sd 1", y=12 + y)


CAUSE = Cause(
    "target-scale",
    "targets far larger, or smaller, than what the output starts with",
    "Steps of fixed size (Adam) take forever to reach them, and steps in proportion to the error"
    " (SGD) tear the weights apart."
    " Either way the error stays of the size of the targets.",
    signs=(TARGETS_LARGE, TARGETS_SMALL),
    cures={
        "sklearn": "TransformedTargetRegressor(network, transformer=StandardScaler())",
        "": "y = (y - y_train.mean()) / y_train.std(); undo it on predictions",
    },
    cut=TARGETS,
    changes=(TARGETS,),
    shows=_shows,
    look_alike=_look_alike,
)
