"""Which axis of a batch the layers take for that of the examples."""

from unstuck.changes.change import Change, Part

BATCH_FIRST = Change(
    "batch-first",
    "the first axis taken for that of the examples (batch_first)",
    Part.BATCH_AXIS,
    "first",
)
MOVED_FIRST = Change(
    "examples-moved-first",
    "the axis of the examples moved to the front where a view cut across it",
    Part.BATCH_AXIS,
    "moved",
)
