"""What importing and rendering move in a process, put back."""

import os
import random
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from unstuck.setups.quiet import quiet
from unstuck.setups.unlogged import unlogged


@contextmanager
def unmoved() -> Iterator[None]:
    """The random states of Python and NumPy, the environment, the start method of processes and
    the warning filters, put back after: libraries draw and set some when they are first imported
    (JAX draws from NumPy's), or draw to render. What they warn of meanwhile is not the caller's
    doing, and no error where warnings are, or where NumPy is told to raise; what is trained
    meanwhile is seen by no watch, and what is logged by no handler. A decorator as well."""
    state, environment = random.getstate(), dict(os.environ)
    numpy: Any = sys.modules.get("numpy")
    drawn = None if numpy is None else numpy.random.get_state()
    chosen = _start_method()
    try:
        with quiet(), unlogged(), warnings.catch_warnings(action="ignore"), ExitStack() as stack:
            if numpy is not None:
                stack.enter_context(numpy.errstate(all="ignore"))
            yield
    finally:
        random.setstate(state)
        if drawn is not None:
            numpy.random.set_state(drawn)
        if environment != dict(os.environ):
            os.environ.clear()
            os.environ.update(environment)
        if chosen is None and _start_method() is not None:  # to ask for the usual one chooses it
            sys.modules["multiprocessing"].set_start_method(None, force=True)


def _start_method() -> str | None:
    """Of processes; None as long as nobody has chosen one."""
    processes = sys.modules.get("multiprocessing")
    return None if processes is None else processes.get_start_method(allow_none=True)
