"""Validation data of classes that training never sees."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits, standardized
from unstuck.changes.splits import MIXED
from unstuck.symptoms.inputs import UNSEEN_CLASSES


def _split(order: NDArray[Any], says: str) -> Example:
    x, y = standardized()[order], digits()[1][order]
    cut = 2 * len(y) // 3
    return classifier(says, x[:cut], y[:cut], validation_data=(x[cut:], y[cut:]))


def _shows() -> Example:
    order = np.argsort(digits()[1], kind="stable")
    return _split(order, "sorted by class, the last third held out")


def _look_alike() -> Example:
    return _split(np.arange(len(digits()[1])), "the last third held out, of examples in any order")


CAUSE = Cause(
    "split-by-class",
    "validation data of classes that training never sees",
    "The examples are sorted by class, and the last of them are held out."
    " No training teaches a class that it does not show.",
    signs=(UNSEEN_CLASSES,),
    cures={
        "keras": (
            "x and y in one random order before fit: validation_split takes the last examples,"
            " before any shuffling"
        ),
        "": "train_test_split(x, y, stratify=y)",
    },
    harms=("classes-never-seen",),
    changes=(MIXED,),
    shows=_shows,
    look_alike=_look_alike,
)
