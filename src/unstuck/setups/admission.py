"""The gate that everything handed over passes before any work starts."""

import numbers
from typing import Any

from unstuck.errors import DataError, UsageError
from unstuck.setups.subject import Given


def admit(given: Given) -> None:
    """Sees whether what was handed over can be meant.

    Raises:
        UsageError: an option of another type, or out of range.
        DataError: validation data that are not of the training data's form.
    """
    _number("examples", given.examples, 2)
    if given.batch_size is not None:
        _number("batch_size", given.batch_size, 1)
    if given.shuffle not in (None, True, False):
        raise UsageError(f"shuffle={given.shuffle!r}", "True, False or None")
    if given.step is not None and not callable(given.step):
        raise UsageError(f"step={given.step!r}", "a function (model, batch) -> loss")
    if given.x is None:
        raise UsageError("no data were given", "diagnose(model, x, y)")
    for name, value in (("x", given.x), ("y", given.y)):
        if getattr(value, "shape", None) == ():
            raise DataError(f"{name} is a single number", "an array, one row an example")
    _validation(given)


def _number(name: str, value: Any, least: int) -> None:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or value < least:
        raise UsageError(f"{name}={value!r}", f"a whole number, at least {least}")


def _validation(given: Given) -> None:
    """Pairs alone: data sets and loaders are their frameworks' to read."""
    pair = given.validation_data
    if not isinstance(pair, tuple | list):
        return
    if len(pair) not in (2, 3):  # Keras takes weights as well
        raise UsageError(
            f"validation_data is a {type(pair).__name__} of {len(pair)}", "a pair (x, y) of arrays"
        )
    x, y = _shape(pair[0]), _shape(pair[1])
    if x and y and x[0] != y[0]:
        raise DataError(f"{x[0]} validation examples but {y[0]} targets", "one for each example")
    own = _shape(given.x)
    if x and own and len(x) == len(own) == 2 and x[1] != own[1]:
        raise DataError(
            f"validation inputs of {x[1]} features where training inputs have {own[1]}",
            "the same features",
        )


def _shape(value: Any) -> tuple[int, ...]:
    """Of an array; () for what has none."""
    found = getattr(value, "shape", ())
    try:
        return tuple(int(n) for n in found)
    except (TypeError, ValueError):  # a dimension that is not known yet
        return ()
