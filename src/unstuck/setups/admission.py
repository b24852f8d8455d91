"""The gate that everything handed over passes before any work starts."""

import math
import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from reprlib import repr as shown  # short, and of what has no words for itself too
from typing import Any

import numpy as np

from unstuck.errors import DataError, UsageError
from unstuck.setups.sample import of_numbers
from unstuck.setups.subject import Given


def admit(given: Given) -> None:
    """Sees whether what was handed over can be meant.

    Raises:
        UsageError: an option of another type, or out of range.
        DataError: validation data that are not of the training data's form.
    """
    whole_number("examples", given.examples, 2)
    if given.batch_size is not None:
        whole_number("batch_size", given.batch_size, 1)
    if given.shuffle not in (None, True, False):
        raise UsageError(f"shuffle={shown(given.shuffle)}", "True, False or None")
    if given.step is not None and not callable(given.step):
        raise UsageError(f"step={shown(given.step)}", "a function (model, batch) -> loss")
    if given.x is None:
        raise UsageError("no data were given", "diagnose(model, x, y)")
    for name, value in (("x", given.x), ("y", given.y)):
        _array(name, value)
    _validation(given)


def whole_number(name: str, value: Any, least: int) -> None:
    """Sees whether an option is one.

    Raises:
        UsageError: another type, or less than the least.
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise UsageError(f"{name}={shown(value)}", f"a whole number, at least {least}")


def seconds(name: str, value: Any) -> None:
    """Sees whether an option is a time.

    Raises:
        UsageError: another type, not above 0, or without end.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0 < value < math.inf:
        raise UsageError(f"{name}={shown(value)}", "seconds above 0")


def share(name: str, value: Any) -> None:
    """Sees whether an option is a part of a whole.

    Raises:
        UsageError: another type, below 0 or above 1.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0 <= value <= 1:
        raise UsageError(f"{name}={shown(value)}", "a number from 0 to 1")


def truth(name: str, value: Any) -> None:
    """Sees whether an option is on or off.

    Raises:
        UsageError: neither.
    """
    if not isinstance(value, bool | np.bool_):
        raise UsageError(f"{name}={shown(value)}", "True or False")


def function(name: str, value: Any, of: str) -> None:
    """Sees whether an option is a function, or left out.

    Args:
        of: what it is called with.

    Raises:
        UsageError: nothing that can be called.
    """
    if value is not None and not callable(value):
        raise UsageError(f"{name}={shown(value)}", f"a function of {of}")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Says in words where there is not.

    Raises:
        UsageError: more was asked for than there is.
    """
    try:
        yield
    except MemoryError as error:
        raise UsageError(
            f"not enough memory: {error}" if str(error) else "not enough memory",
            "a set-up that fits into it, beside the copies that are looked at and trained",
            "give fewer examples, or a smaller model",
        ) from error


def _array(name: str, value: Any) -> None:
    """What stands for arrays: itself, or a tuple or dict of them."""
    parts = value.values() if isinstance(value, dict) else value
    for part in parts if isinstance(value, dict | tuple) else (value,):
        if hasattr(part, "detach"):
            of_numbers(part, name)
        if isinstance(part, numbers.Number) or getattr(part, "shape", None) == ():
            raise DataError(f"{name}: a single number", "an array, one row an example")
        if isinstance(part, str | bytes | set | frozenset | type):
            raise DataError(f"{name}: a {type(part).__name__}", "an array, one row an example")
    if name == "y" and hasattr(value, "__next__"):
        raise UsageError(
            f"y: a {type(value).__name__}, which can be read only once",
            "an array, one row an example",
            "y = np.array(list(y))",
        )


def _validation(given: Given) -> None:
    """Pairs alone: data sets and loaders are their frameworks' to read."""
    pair = given.validation_data
    if pair is None:
        return
    expected = "a pair (x, y) of arrays"
    if not isinstance(pair, tuple | list):
        lone = isinstance(pair, numbers.Number | str | bytes) or hasattr(pair, "dtype")
        if lone or hasattr(pair, "__next__") or (given.step is None and isinstance(pair, dict)):
            raise UsageError(f"validation_data is a {type(pair).__name__}", expected)
        return
    if len(pair) not in (2, 3):  # Keras takes weights as well
        raise UsageError(f"validation_data is a {type(pair).__name__} of {len(pair)}", expected)
    if pair[0] is None or (pair[1] is None and given.y is not None):
        raise UsageError(
            f"validation_data has no {'targets' if pair[1] is None else 'inputs'}", expected
        )
    for name, value in zip(("the validation inputs", "the validation targets"), pair, strict=False):
        _array(name, value)
    x, y = _shape(pair[0]), _shape(pair[1])
    if x and not x[0]:
        raise DataError("the validation data are empty", "at least one example")
    if x and y and x[0] != y[0]:
        raise DataError(f"{x[0]} validation examples but {y[0]} targets", "one for each example")
    own, targets = _shape(given.x), _shape(given.y)
    if x and own and len(x) == len(own) == 2 and x[1] != own[1]:
        raise DataError(
            f"validation inputs of {x[1]} features where training inputs have {own[1]}",
            "the same features",
        )
    if x and own and len(x) != len(own):
        raise DataError(
            f"validation inputs of shape {x} where training inputs have {own}",
            "the same shape for every example",
            "are x and y of validation_data swapped?" if y and len(y) == len(own) else "",
        )
    if y and targets and math.prod(y[1:]) != math.prod(targets[1:]) and len(y) != len(targets):
        raise DataError(
            f"validation targets of shape {y} where training targets have {targets}",
            "the same shape for every example",
        )


def _shape(value: Any) -> tuple[int, ...]:
    """Of an array; () for what has none."""
    found = getattr(value, "shape", ())
    try:
        return tuple(int(n) for n in found)
    except (TypeError, ValueError):  # a dimension that is not known yet
        return ()
