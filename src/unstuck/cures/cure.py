"""A cure: changes that were seen to work, as one record of ordered steps.

The cured object, the code and the patch are all printed from it, by one printer a framework; none
of them reads another.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from unstuck.changes.change import Change, Combination, Role, in_order, in_words


@dataclass(frozen=True)
class Step:
    """One thing to do, and where in a program it belongs."""

    role: Role
    change: Change


@dataclass(frozen=True)
class Cure:
    """Changes in the order in which a program does things.

    Args:
        changes: in order; `cure` sorts them.
    """

    changes: Combination

    @property
    def steps(self) -> tuple[Step, ...]:
        """What is to be done."""
        return tuple(Step(change.part.role, change) for change in self.changes)

    @property
    def says(self) -> str:
        """In words."""
        return in_words(self.changes)


def cure(changes: Iterable[Change]) -> Cure:
    """The cure that makes these changes."""
    return Cure(in_order(changes))
