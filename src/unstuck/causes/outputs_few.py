"""Fewer outputs than classes."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier, digits
from unstuck.changes.loss import UNIT_A_CLASS
from unstuck.symptoms.wiring import UNDIVIDED

_BINARY = "binary_crossentropy_logits"


def _shows() -> Example:
    from unstuck.engine.network import mlp

    network = mlp([64], 1, output="linear")
    return classifier("one output for ten classes", network=network, loss=_BINARY)


def _look_alike() -> Example:
    from unstuck.engine.network import mlp

    y = (digits()[1] > 4).astype("int32")
    network = mlp([64], 1, output="linear")
    return classifier("one output for two classes", y=y, network=network, loss=_BINARY)


CAUSE = Cause(
    "outputs-few",
    "fewer outputs than classes",
    "A network tells as many classes apart as it has outputs, two by a single one."
    " The loss is given labels that no output can stand for: it falls without end, or fails, and"
    " says nothing of what is learnt.",
    signs=(UNDIVIDED,),
    cures={
        "": "an output for each class, and the cross-entropy of class ids",
        "keras": "Dense(classes), and SparseCategoricalCrossentropy(from_logits=True)",
        "torch": "Linear(…, classes) as the last layer, and CrossEntropyLoss with y.long()",
    },
    harms=("more-classes-than-outputs",),
    changes=(UNIT_A_CLASS,),
    shows=_shows,
    look_alike=_look_alike,
)
