"""Gradients that are never set to zero."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import ZEROED

CAUSE = Cause(
    "gradients-not-zeroed",
    "gradients that are never set to zero",
    "Each backward pass adds to the gradients of all steps before."
    " The steps follow a sum over the whole past, grow with it and overshoot.",
    signs=(),
    cures={
        "torch": "optimizer.zero_grad() before loss.backward()",
        "": "set gradients to zero before each backward pass",
    },
    changes=(ZEROED,),
)
