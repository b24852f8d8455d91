"""What importing and rendering move in a process, put back."""

import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def unmoved() -> Iterator[None]:
    """The random states of Python and NumPy and the warning filters, put back after: libraries draw
    and set some when they are first imported (JAX draws from NumPy's), or draw to render. What they
    warn of meanwhile is not the caller's doing, and no error where warnings are, or where NumPy is
    told to raise. A decorator as well."""
    state = random.getstate()
    numpy: Any = sys.modules.get("numpy")
    drawn = None if numpy is None else numpy.random.get_state()
    try:
        with warnings.catch_warnings(action="ignore"), ExitStack() as stack:
            if numpy is not None:
                stack.enter_context(numpy.errstate(all="ignore"))
            yield
    finally:
        random.setstate(state)
        if drawn is not None:
            numpy.random.set_state(drawn)
