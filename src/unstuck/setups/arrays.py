"""The sample of subjects whose data are plain arrays."""

from typing import Any

from numpy.typing import NDArray

from unstuck.errors import UsageError
from unstuck.setups.sample import ORDERED, as_array, checked, refuse_generator, rows
from unstuck.setups.subject import Given, Inputs, Sample


def sample_of(given: Given) -> Sample:
    """The sample from x (an array, or a tuple or dict of arrays, one an input) and y.

    Raises:
        DataError, UsageError: see `sample.as_array`, `sample.checked`, `refuse_generator`.
    """
    x, names = _inputs(given.x)
    if given.y is None:
        raise UsageError("no targets were given", "diagnose(model, x, y)")
    y = as_array(given.y, "the targets")
    chosen = rows(checked(x, y), given.examples)
    x_validation, y_validation = _validation(given.validation_data, given.examples)
    return Sample(
        tuple(a[chosen] for a in x),
        y[chosen],
        x_validation,
        y_validation,
        order=y[:ORDERED],
        examples=len(y),
        names=names,
        kinds=tuple("values" for _ in x),
    )


def _inputs(x: Any) -> tuple[Inputs, tuple[str, ...]]:
    refuse_generator(x)
    named = x if isinstance(x, dict) else {"x": x}
    if isinstance(x, tuple):
        named = {f"x{i}": part for i, part in enumerate(x)}
    return tuple(as_array(v, f"the inputs {k}") for k, v in named.items()), tuple(named)


def _validation(data: Any, examples: int) -> tuple[Inputs | None, NDArray[Any] | None]:
    if data is None:
        return None, None
    try:
        x, y = data[0], data[1]
    except (TypeError, IndexError, KeyError):
        raise UsageError(
            f"validation_data is a {type(data).__name__}", "a pair (x, y) of arrays"
        ) from None
    arrays, targets = _inputs(x)[0], as_array(y, "the validation targets")
    chosen = rows(checked(arrays, targets, "validation"), examples)
    return tuple(a[chosen] for a in arrays), targets[chosen]
