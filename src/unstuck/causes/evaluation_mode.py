"""Training in evaluation mode."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import TRAINING_MODE

CAUSE = Cause(
    "evaluation-mode",
    "training in evaluation mode",
    "The model was put into evaluation mode and not back: dropout is off and batch"
    " normalization keeps its moving statistics as they are."
    " What it normalizes with is not what its data are like.",
    signs=(),
    cures={
        "torch": "model.train() at the beginning of each epoch",
        "": "training mode while it trains",
    },
    changes=(TRAINING_MODE,),
)
