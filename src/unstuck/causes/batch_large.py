"""Batches so large that an epoch has few steps; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.batch import BATCH_32

CAUSE = Cause(
    "batch-large",
    "batches that leave few steps an epoch",
    "An epoch has as many steps as batches, and each step is bounded by the learning rate."
    " With smaller batches the same epochs take more steps.",
    signs=(),
    cures={"": "batch_size=32"},
    changes=(BATCH_32,),
)
