"""A loss that is detached from the model."""

from unstuck.causes.cause import Cause

CAUSE = Cause(
    "loss-detached",
    "a loss that is detached from the model",
    "The loss was made anew from numbers, detached, or computed without gradients on its"
    " way from the model."
    " It depends on no parameter, so that nothing changes.",
    signs=(),
    cures={
        "torch": (
            "compute the loss from the model's output, without .item(), .detach(),"
            " .numpy() or torch.tensor(…, requires_grad=True)"
        ),
        "": "compute the loss from the model's output",
    },
)
