"""Puts back arrays that a script's data sets write into when their examples are read.

`__getitem__` and `collate_fn` that augment in place change what they hand out; a look reads
examples that the script has not read yet. Loads no framework.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any

from unstuck.setups.stand_ins import is_stand_in

LIMIT = 2**28  # bytes that are kept, the small arrays first: a quarter of a gigabyte
SOME = 16  # parts of a list: arrays, not examples by the thousand
DEPTH = 3  # of attributes, lists and dicts that are looked through from a data set


@contextmanager
def arrays_kept(*holders: Any) -> Iterator[None]:
    """Arrays of NumPy's and PyTorch's among a script's globals, and those that data sets hold, are
    afterwards what they were.

    Args:
        holders: data sets, loaders, functions.
    """
    names = dict(getattr(sys.modules.get("__main__"), "__dict__", {}))
    found: dict[int, Any] = {}
    for value in (*names.values(), *holders):
        _find(value, found, DEPTH)
    restores, left = [], LIMIT
    for array in sorted(found.values(), key=_size):
        left -= _size(array)
        if left < 0:
            break
        restores.append(_restore(array))
    try:
        yield
    finally:
        for restore in restores:
            restore()


def _find(value: Any, found: dict[int, Any], depth: int) -> None:
    if _is_array(value):
        found[id(value)] = value
        return
    if depth == 0 or is_stand_in(value) or isinstance(value, type | str | bytes | ModuleType):
        return
    parts: list[Any] = []
    if isinstance(value, dict):
        parts = list(value.values())
    elif isinstance(value, list | tuple):
        parts = list(value[:SOME])
    elif depth < DEPTH or _reads(value):
        with suppress(Exception):  # objects that stand in for others answer as they like
            parts = list(vars(value).values())
    for part in parts:
        _find(part, found, depth - 1)


def _reads(value: Any) -> bool:
    """Whether it is a data set or a loader, by what it can do."""
    return any(hasattr(type(value), name) for name in ("__getitem__", "__iter__"))


def _is_array(value: Any) -> bool:
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None and type(value) is numpy.ndarray:
        return bool(value.dtype.kind in "fiub" and value.flags.writeable)
    if torch is None or type(value) is not torch.Tensor:
        return False
    plain = value.layout is torch.strided and value.device.type == "cpu" and value.is_contiguous()
    return bool(plain and not value.requires_grad)


def _size(array: Any) -> int:
    return int(array.nbytes)


def _restore(array: Any) -> Callable[[], None]:
    if hasattr(array, "detach"):
        kept = array.detach().clone()

        def restore() -> None:
            if not array.equal(kept):  # nor where it holds NaN, which is then written anew
                array.data.copy_(kept)  # which leaves no trace in its version

        return restore
    copy = array.copy()

    def put_back() -> None:
        import numpy as np

        if not np.array_equal(array, copy, equal_nan=array.dtype.kind == "f"):
            array[...] = copy

    return put_back
