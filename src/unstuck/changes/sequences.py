"""How sequences are written down: padding in front of them, ids as whole numbers."""

from unstuck.changes.change import Change, Part
from unstuck.changes.rows import padded_in_front, whole_ids

IN_FRONT = Change(
    "padding-in-front",
    "sequences padded in front, not behind",
    Part.PADDING,
    rows=padded_in_front,
)
WHOLE_IDS = Change(
    "ids-whole", "ids as the whole numbers that an embedding looks up", Part.IDS, rows=whole_ids
)
