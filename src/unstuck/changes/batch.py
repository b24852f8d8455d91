"""Another number of examples a step."""

from unstuck.changes.change import Change, Part

BATCH_32 = Change("batch-32", "batches of 32 examples", Part.BATCH, 32)
