"""Evaluation in training mode."""

from unstuck.causes.cause import Cause

CAUSE = Cause(
    "training-mode",
    "evaluation in training mode",
    "The trained model was not put into evaluation mode: dropout throws away units for each answer,"
    " and batch normalization normalizes with the few examples it is asked about."
    " It has learnt more than its answers show.",
    signs=(),
    cures={
        "torch": "model.eval() before it is asked, model.train() before it trains on",
        "": "evaluation mode when it is asked",
    },
    changes=(),
)
