"""A schedule for epochs that is stepped each batch."""

from unstuck.causes.cause import Cause
from unstuck.changes.loop import CONSTANT, PER_EPOCH

CAUSE = Cause(
    "schedule-per-batch",
    "a schedule for epochs that is stepped each batch",
    "The schedule lowers the learning rate each batch in place of each epoch."
    " The rate is gone after a few steps, and nothing changes from then on.",
    signs=(),
    cures={
        "torch": "scheduler.step() once an epoch, after the loop over batches",
        "": "step the schedule once an epoch",
    },
    changes=(PER_EPOCH, CONSTANT),
)
