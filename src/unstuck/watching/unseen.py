"""What keeps a training that was seen from being looked at."""

from unstuck.records.training import Sighting


class Unseen(Exception):
    """What a step does cannot be told; its message says why, as half a sentence.

    Attributes:
        fault: that was seen of it all the same; None for none.
    """

    fault: Sighting | None = None


class Independent(Unseen):
    """The loss depends on none of the parameters that it is differentiated with respect to."""


class Faulty(Unseen):
    """A fault of the step itself was seen, and trials would not have it.

    Args:
        fault: what was seen.
    """

    def __init__(self, fault: Sighting) -> None:
        super().__init__(fault.says)
        self.fault = fault
