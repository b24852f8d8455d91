"""Too few units, or a bottleneck; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.capacity import PLAIN, WIDER

CAUSE = Cause(
    "capacity-small",
    "a network that cannot hold what is to be learnt",
    "Too few units, a bottleneck, or layers that do not fit the data lose what the output needs."
    " No training brings it back.",
    signs=(),
    cures={"": "wider hidden layers"},
    changes=(WIDER, PLAIN),
)
