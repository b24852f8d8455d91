"""A loss that is computed and never differentiated."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import DIFFERENTIATED

CAUSE = Cause(
    "backward-missing",
    "a loss that is never differentiated",
    "The optimizer steps, and backward() is never called."
    " No parameter has a gradient, and nothing changes.",
    signs=(),
    cures={
        "torch": "optimizer.zero_grad(), loss.backward(), optimizer.step(), in this order",
        "": "differentiate the loss before each step",
    },
    changes=(DIFFERENTIATED,),
)
