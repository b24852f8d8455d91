"""Steps taken before the backward pass."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import STEPPED

CAUSE = Cause(
    "step-before-backward",
    "steps taken before the backward pass",
    "Gradients are set to zero, the optimizer steps, and only then the loss is"
    " differentiated."
    " Every step finds gradients of zero, and nothing changes.",
    signs=(),
    cures={
        "torch": "optimizer.zero_grad(), loss.backward(), optimizer.step(), in this order",
        "": "step after the backward pass",
    },
    changes=(STEPPED,),
)
