"""Puts back random generators that are objects: in data sets, layers, transformers, the script.

A user's own code is run when a batch is read or a model is called, and may draw from them. They
are found among all objects that Python keeps track of. Loads no framework and no NumPy.
"""

import gc
import random
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_depth = 0


@contextmanager
def generators_kept() -> Iterator[None]:
    """Every generator object of Python, NumPy and torch is afterwards what it was.

    Not where other threads run, which may draw from theirs meanwhile. torch keeps its own from
    Python: only those that the script has as globals are found.
    """
    global _depth
    restores = [] if _depth or threading.active_count() > 1 else _restores()
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        for restore in restores:
            restore()


def _restores() -> list[Callable[[], None]]:
    kinds: dict[type, Callable[[Any], Callable[[], None]]] = {random.Random: _python}
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        kinds |= {numpy.random.Generator: _numpy, numpy.random.RandomState: _numpy_legacy}
    # By the exact type: isinstance would call what lazy modules put in its place.
    found = [o for o in gc.get_objects() if type(o) in kinds]
    if torch is not None:
        kinds[torch.Generator] = _torch
        names = getattr(sys.modules.get("__main__"), "__dict__", {})
        found += [o for o in names.values() if type(o) is torch.Generator]
    return [kinds[type(o)](o) for o in found]


def _python(generator: Any) -> Callable[[], None]:
    state = generator.getstate()
    return lambda: generator.setstate(state)


def _numpy(generator: Any) -> Callable[[], None]:
    bits = generator.bit_generator
    state = bits.state
    return lambda: setattr(bits, "state", state)


def _numpy_legacy(generator: Any) -> Callable[[], None]:
    state = generator.get_state(legacy=False)
    return lambda: generator.set_state(state)


def _torch(generator: Any) -> Callable[[], None]:
    state = generator.get_state()
    return lambda: generator.set_state(state)
