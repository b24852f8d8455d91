"""What keeps a training that was seen from being looked at."""


class Unseen(Exception):
    """What a step does cannot be told; its message says why, as half a sentence."""


class Independent(Unseen):
    """The loss depends on none of the parameters that it is differentiated with respect to."""
