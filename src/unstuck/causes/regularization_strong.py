"""Dropout, weight decay or regularisers that drown the signal; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.restraint import NO_DROPOUT, NO_PENALTY

CAUSE = Cause(
    "regularization-strong",
    "dropout or penalties that drown the signal",
    "What dropout takes away, or the pull of a penalty towards zero, is more than the gradient of"
    " the loss can make up for. The network fits its own training data worse than without.",
    signs=(),
    cures={"": "less dropout, weight decay or regularisation"},
    changes=(NO_DROPOUT, NO_PENALTY),
)
