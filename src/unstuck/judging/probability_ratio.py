"""Wald's sequential probability ratio test: on how many seeds something goes wrong.

After every seed the likelihood of what was seen, were the share of seeds on which it goes wrong
`faulty`, is held against its likelihood were it `sound` (Wald 1945, "Sequential tests of
statistical hypotheses"). Where the share is `sound` or less, the ratio is a nonnegative
supermartingale, so that the chance of ever seeing it at 1/α or above is at most α, however often
one looks and whenever one stops (Ville 1939). Where it is `faulty` or more, the chance of seeing
it at β or below is at most β.
"""

from dataclasses import dataclass
from enum import Enum

ALPHA, BETA = 0.001, 0.05


class Decision(Enum):
    """What the seeds so far say."""

    FAULTY = "faulty"
    SOUND = "sound"
    OPEN = "open"


@dataclass(frozen=True)
class ProbabilityRatio:
    """A test with both its errors stated.

    Args:
        sound: share of seeds, at most, on which it may go wrong where nothing is the matter.
        faulty: share, at least, on which it goes wrong where something is.
        alpha: chance, at most, of saying faulty of what is sound. Default 0.1 %.
        beta: chance, at most, of saying sound of what is faulty. Default 5 %.
    """

    sound: float
    faulty: float
    alpha: float = ALPHA
    beta: float = BETA

    def ratio(self, wrong: int, right: int) -> float:
        """How many times likelier this record is of a faulty one than of a sound one."""
        more, less = self.faulty / self.sound, (1 - self.faulty) / (1 - self.sound)
        return float(more**wrong * less**right)

    def decision(self, wrong: int, right: int) -> Decision:
        """What so many seeds say.

        Args:
            wrong, right: seeds on which it went wrong, and on which it did not.
        """
        ratio = self.ratio(wrong, right)
        if ratio >= 1 / self.alpha:
            return Decision.FAULTY
        return Decision.SOUND if ratio <= self.beta else Decision.OPEN
