"""What libraries log while ours is at work: none of it reaches the handlers of a script."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _Thread(threading.local):
    depth = 0


_THREAD = _Thread()
_LOCK = threading.Lock()
_within = 0
_original: Any = None  # what hands a record to handlers, while ours stands in its place


@contextmanager
def unlogged() -> Iterator[None]:
    """No record that this thread logs meanwhile is handled; those of others are."""
    logging = sys.modules.get("logging")
    if logging is None:
        yield
        return
    _enter(logging.Logger)
    _THREAD.depth += 1
    try:
        yield
    finally:
        _THREAD.depth -= 1
        _leave(logging.Logger)


def _enter(loggers: Any) -> None:
    global _within, _original
    with _LOCK:
        _within += 1
        if _within == 1:
            _original = loggers.callHandlers
            loggers.callHandlers = _handled


def _leave(loggers: Any) -> None:
    global _within
    with _LOCK:
        _within -= 1
        if not _within and loggers.callHandlers is _handled:
            loggers.callHandlers = _original


def _handled(logger: Any, record: Any) -> None:
    if not _THREAD.depth:
        _original(logger, record)
