"""Targets are not written as the loss wants them."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits
from unstuck.changes.label_coding import LABELS
from unstuck.symptoms.wiring import LABEL_CODING


def _shows() -> Example:
    y = (digits()[1] / 255).astype(np.float32)
    return classifier("labels divided by 255 along with the pixels", y=y)


def _look_alike() -> Example:
    y = np.where(digits()[1] == 0, 3, digits()[1]).astype(np.int32)
    return classifier("a class that does not occur", y=y)


CAUSE = Cause(
    "label-coding",
    "targets are not written as the loss wants them",
    "The loss reads numbers that mean something else than the labels, such as a class id cut"
    " from a fraction."
    " It then pulls towards targets that carry little or nothing of the labels.",
    signs=(LABEL_CODING,),
    cures={
        "": (
            "y = y.astype(int) for class ids 0 … K−1 with a sparse loss, one-hot rows with a"
            " categorical one"
        ),
        "torch": "y = y.long() for CrossEntropyLoss, class ids 0 … K−1",
    },
    harms=("labels-do-not-fit-loss", "loss-at-start", "next-to-no-progress"),
    changes=(LABELS,),
    shows=_shows,
    look_alike=_look_alike,
)
