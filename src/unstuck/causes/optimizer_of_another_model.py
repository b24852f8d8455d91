"""An optimizer made for another model."""

from unstuck.causes.cause import Cause
from unstuck.changes.unfreezing import UNFROZEN

CAUSE = Cause(
    "optimizer-of-another-model",
    "an optimizer made for another model",
    "The optimizer holds the parameters of a model that was replaced or copied since."
    " What the loss depends on is never changed.",
    signs=(),
    cures={
        "torch": "optimizer = torch.optim.…(model.parameters(), …) after the model is made",
        "": "make the optimizer after the model",
    },
    changes=(UNFROZEN,),
)
