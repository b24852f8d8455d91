"""A training that ends before it gets anywhere; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.steps import LONGER

CAUSE = Cause(
    "training-short",
    "a training of too few steps",
    "The steps that are taken do not add up to the way that the weights have to go."
    " The same set-up learns when it is trained longer.",
    signs=(),
    cures={"sklearn": "a larger max_iter", "": "more epochs, or smaller batches"},
    changes=LONGER,
)
