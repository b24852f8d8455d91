"""Probabilities clipped to zero gradient."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import CLIPPED, classifier, digits
from unstuck.changes.loss import LOGITS
from unstuck.symptoms.start import FROZEN_EXAMPLES


def _shows() -> Example:
    return classifier("raw pixels 0..255, softmax and clipped loss", digits()[0], loss=CLIPPED)


def _look_alike() -> Example:
    return classifier("the same loss on standardized pixels", loss=CLIPPED)


CAUSE = Cause(
    "loss-clipping",
    "probabilities clipped to zero gradient",
    "A loss on probabilities clips them to [ε, 1 − ε], and what is clipped has a gradient of"
    " exactly zero."
    " Examples that are surely wrong are frozen so, and training stops on a staircase of −ln ε ×"
    " their share.",
    signs=(FROZEN_EXAMPLES,),
    cures={
        "keras": (
            "Dense(classes) without activation, and SparseCategoricalCrossentropy(from_logits=True)"
        ),
        "torch": "CrossEntropyLoss()(logits, y) in place of log, clamp and softmax",
        "": "the loss computed from logits",
    },
    harms=("frozen-examples",),
    # What a softmax or sigmoid gave and a cross-entropy clips; squared error clips nothing.
    fits=lambda e: (
        e.look.about.loss.takes in ("probabilities", "log-probabilities", "unknown")
        and e.look.task in ("classification", "binary")
    ),
    accounts=False,
    changes=(LOGITS,),
    shows=_shows,
    look_alike=_look_alike,
)
