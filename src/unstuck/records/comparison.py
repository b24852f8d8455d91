"""What two scripts' differences were seen to do."""

from dataclasses import dataclass
from enum import StrEnum

from unstuck.records.effect import Effect


class Role(StrEnum):
    """What is known of one difference."""

    MADE_IT = "made it"
    NO_MATTER = "no matter"
    UNDECIDED = "undecided"


@dataclass(frozen=True)
class Difference:
    """Lines of the worse script, and what stands in their place in the better one.

    Args:
        at: their first lines, from 1, in the worse script; one a place.
        diff: unified, from the worse to the better.
        role: what is known of it.
        alone: what it does in the worse script with nothing else changed; None where that was not
            tried, or does not run.
        without: what its absence does to the smallest set of differences that makes it.
    """

    at: tuple[int, ...]
    diff: str
    role: Role
    alone: Effect | None = None
    without: Effect | None = None


@dataclass(frozen=True)
class Comparison:
    """Two scripts, run again and again with and without each of their differences.

    Args:
        worse, better: their names; in the order given where no difference was seen.
        says: what came out, in a sentence.
        measure: of each run: skill by its own loss, 1 − loss at the end over that of knowing
            nothing; −1 where it diverged.
        total: the better one against the worse one.
        together: the smallest set that makes it, in the worse script; None where none was found.
        differences: in the order of the lines.
        runs: that were made; failed: those that broke off.
        seconds, budget: taken and given.
    """

    worse: str
    better: str
    says: str
    measure: str
    total: Effect
    together: Effect | None
    differences: tuple[Difference, ...]
    runs: int
    failed: int
    seconds: float
    budget: float
