"""What importing and rendering move in a process, put back."""

import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unmoved() -> Iterator[None]:
    """Python's random state and warning filters, put back after: libraries draw and set some when
    they are first imported, or draw to render. What they warn of meanwhile is not the caller's
    doing, and no error where warnings are. A decorator as well."""
    state = random.getstate()
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        random.setstate(state)
