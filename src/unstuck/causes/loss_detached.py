"""A loss that is detached from the model."""

from unstuck.causes.cause import Cause
from unstuck.changes.attaching import ATTACHED
from unstuck.changes.loop import LOSS_ITSELF

CAUSE = Cause(
    "loss-detached",
    "a loss that is detached from the model",
    "The loss was made anew from numbers, detached, or computed without gradients on its"
    " way from the model."
    " What lies behind that gets no gradient, so that nothing of it changes.",
    signs=(),
    changes=(ATTACHED, LOSS_ITSELF),
    cures={
        "torch": (
            "compute the loss from the model's output, without .item(), .detach(),"
            " .numpy() or torch.tensor(…, requires_grad=True)"
        ),
        "": "compute the loss from the model's output",
    },
)
