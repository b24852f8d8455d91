"""Copies of data sets, read in place of the user's, which may keep state as they are read.

A counter, a generator of random numbers or an iterator in a data set goes on with each item. The
numbers themselves are not copied: memory must not double.
"""

import copy
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import torch
from torch.utils import data

from unstuck.setups.stand_ins import is_stand_in

BIG = 1 << 20  # bytes of an array that is shared; a smaller one may be a counter
LONG = 1_000  # entries of a container that holds examples rather than state
HUGE = 10_000  # entries whose copies could take seconds: they are shared, whatever they are
REACHED = 200_000  # objects that are looked through, about 0.1 s
_CONTAINERS = (list, tuple, dict, set)
_ATOMIC = (type, ModuleType, FunctionType, str, bytes, int, float, complex, bool, type(None))
# Reading these runs no code of the user's.
_STATELESS = (list, tuple, data.TensorDataset)


class NotCopied(Exception):
    """Something in a data set refuses to be copied."""


def copied(dataset: Any, collate: Callable[[Any], Any]) -> tuple[Any, Callable[[Any], Any]]:
    """Copies of both, as far as they can keep state; the numbers in them are shared.

    Raises:
        NotCopied: at least one of them cannot be.
    """
    kept = dataset if type(dataset) in _STATELESS else None
    memo, _ = _shared(collate if kept is not None else (dataset, collate))
    if kept is not None:
        memo[id(kept)] = kept
    try:
        return copy.deepcopy((dataset, collate), memo)  # together: one may be the other's method
    except Exception as error:
        raise NotCopied(str(error)) from error


@contextmanager
def apart(dataset: Any, collate: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
    """Copies to be read; where there can be none the originals, with their generators put back."""
    try:
        both = copied(dataset, collate)
    except NotCopied:
        _, generators = _shared((dataset, collate))
        states = [(generator, generator.get_state()) for generator in generators]
        try:
            yield dataset, collate
        finally:
            for generator, state in states:
                generator.set_state(state)
    else:
        yield both


def _shared(root: Any) -> tuple[dict[int, Any], list[Any]]:
    """A memo for `copy.deepcopy` that shares what holds numbers, and the generators of torch."""
    memo: dict[int, Any] = {}
    generators: list[Any] = []
    waiting, seen = [(root, False)], {id(root)}
    for value, among_many in waiting:  # which grows
        if is_stand_in(value):
            memo[id(value)] = value
        elif isinstance(value, torch.Generator):
            generators.append(value)
            memo[id(value)] = torch.Generator(value.device).set_state(value.get_state())
        elif _is_numbers(value):
            if among_many or _is_big(value):
                memo[id(value)] = value
        elif among_many and not isinstance(value, _CONTAINERS):
            memo[id(value)] = value  # an example, such as an image
        elif isinstance(value, _CONTAINERS) and len(value) > HUGE:
            memo[id(value)] = copy.copy(value)
        else:
            many = among_many or (isinstance(value, _CONTAINERS) and len(value) > LONG)
            for inner in gc.get_referents(value):
                if len(seen) < REACHED and id(inner) not in seen and not _is_atomic(inner):
                    seen.add(id(inner))
                    waiting.append((inner, many))
    return memo, generators


def _is_atomic(value: Any) -> bool:
    return issubclass(type(value), _ATOMIC)


def _is_numbers(value: Any) -> bool:
    frame = type(value).__module__.startswith("pandas.core")
    return frame or isinstance(value, (torch.Tensor, np.ndarray))


def _is_big(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        # A tensor within a graph cannot be copied; a view would be copied with all it is a view of.
        dense = value.layout == torch.strided
        return not dense or not value.is_leaf or value.untyped_storage().nbytes() >= BIG
    return not isinstance(value, np.ndarray) or value.nbytes >= BIG
