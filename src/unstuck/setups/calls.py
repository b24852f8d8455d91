"""How often a step's forward pass and loss, a user's own code, are computed for a look."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(eq=False)
class Calls:
    """Of one look, on copies.

    Attributes:
        count: so far.
    """

    count: int = 0


_UNDER_WAY: ContextVar[Calls | None] = ContextVar("calls", default=None)


@contextmanager
def counted() -> Iterator[Calls]:
    """Counts what is computed meanwhile; within another count, that one goes on."""
    calls = _UNDER_WAY.get()
    if calls is not None:
        yield calls
        return
    calls = Calls()
    token = _UNDER_WAY.set(calls)
    try:
        yield calls
    finally:
        _UNDER_WAY.reset(token)


def computed() -> None:
    """A step's forward pass and loss are computed once more."""
    calls = _UNDER_WAY.get()
    if calls is not None:
        calls.count += 1
