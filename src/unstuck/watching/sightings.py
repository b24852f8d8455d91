"""Faults of a loop, as they are told by whatever follows it."""

from unstuck.records.report import Evidence
from unstuck.records.training import Sighting


def sighting(cause: str, value: float, expected: str, what: str, says: str) -> Sighting:
    """A fault that was seen while the script ran.

    Args:
        value, expected: of what was counted.
        what: was counted.
        says: the fault, in words.
    """
    return Sighting(
        cause, (Evidence(what, value, expected, "", "seen while the script ran"),), says
    )
