"""Whether what is trained now is ours, which no watch sees: looks, trials, guards."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Thread(threading.local):
    depth = 0


_THREAD = _Thread()


def is_quiet() -> bool:
    """Whether this thread is within `quiet`."""
    return bool(_THREAD.depth)


@contextmanager
def quiet() -> Iterator[None]:
    """What this thread trains meanwhile is ours. A decorator as well."""
    _THREAD.depth += 1
    try:
        yield
    finally:
        _THREAD.depth -= 1
