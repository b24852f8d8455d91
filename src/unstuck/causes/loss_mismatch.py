"""Loss and output activation do not belong together."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.loss import CROSSENTROPY, LOGITS, SQUARED
from unstuck.changes.output_activation import SIGMOID
from unstuck.symptoms.wiring import LOSS_MISMATCH


def _shows() -> Example:
    from unstuck.engine.network import mlp

    return classifier("a softmax and a loss that takes logits", network=mlp([64], 10))


def _look_alike() -> Example:
    return classifier(
        "a softmax and a loss that takes probabilities",
        loss="sparse_categorical_crossentropy_clipped",
    )


CAUSE = Cause(
    "loss-mismatch",
    "loss and output activation do not belong together",
    "The loss applies its own softmax or sigmoid to what already is a probability, or takes a"
    " logarithm of what is none."
    " Its gradient is then squeezed or wrong, and the lowest loss is not the right answer.",
    signs=(LOSS_MISMATCH,),
    cures={
        "keras": (
            "Dense(classes) without activation, and SparseCategoricalCrossentropy(from_logits=True)"
        ),
        "torch": "leave the softmax out of the model: CrossEntropyLoss applies it",
        "": "an output without activation, and the loss from logits",
    },
    harms=("loss-and-output-do-not-match", "loss-at-start", "next-to-no-progress"),
    changes=(SIGMOID, LOGITS, CROSSENTROPY, SQUARED),
    shows=_shows,
    look_alike=_look_alike,
)
