"""All examples are the same."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, standardized
from unstuck.symptoms.inputs import CONSTANT


def _shows() -> Example:
    return classifier("a wrong slice: every example is zero", np.zeros_like(standardized()))


def _look_alike() -> Example:
    x = standardized().copy()
    x[:, :40] = 0.0
    return classifier("most features constant, as the border of images is", x)


CAUSE = Cause(
    "constant-input",
    "all examples are the same",
    "A network is a function of its input, and a constant has one value."
    " It can learn the average target and nothing more.",
    signs=(CONSTANT,),
    cures={
        "": "look at x[:3]: a wrong slice, column or cast (images / 255 as integers are all 0)",
    },
    harms=("constant-inputs",),
    shows=_shows,
    look_alike=_look_alike,
)
