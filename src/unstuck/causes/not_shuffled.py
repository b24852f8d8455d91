"""Sorted examples, never shuffled."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits, standardized
from unstuck.changes.shuffling import SHUFFLED
from unstuck.symptoms.wiring import NOT_SHUFFLED


def _shows() -> Example:
    order = np.argsort(digits()[1], kind="stable")
    return classifier(
        "sorted by class, shuffle=False", standardized()[order], digits()[1][order], shuffle=False
    )


def _look_alike() -> Example:
    order = np.argsort(digits()[1], kind="stable")
    return classifier(
        "sorted by class, but shuffled each epoch",
        standardized()[order],
        digits()[1][order],
        shuffle=True,
    )


CAUSE = Cause(
    "not-shuffled",
    "sorted examples, never shuffled",
    "Each batch holds one class, and the network is pulled to answer that class alone."
    " What a batch teaches is undone by the next ones before its class comes round again.",
    signs=(NOT_SHUFFLED,),
    cures={
        "keras": "model.fit(…, shuffle=True), or dataset.shuffle(len(dataset)) before batch()",
        "torch": "DataLoader(…, shuffle=True)",
        "sklearn": "MLPClassifier(shuffle=True)",
        "": "shuffle the examples anew each epoch",
    },
    harms=("sorted-and-not-shuffled",),
    changes=(SHUFFLED,),
    shows=_shows,
    look_alike=_look_alike,
)
