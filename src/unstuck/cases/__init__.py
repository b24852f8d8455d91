"""The published questions, one a file, each run as a study."""

from difflib import get_close_matches

from unstuck.errors import UsageError

# name -> module; the order in which they are listed
_CASES = {
    "relu-adam-raw": "relu_adam_raw",
    "weights-instead-of-inputs": "weights_instead_of_inputs",
    "divide-by-255-or-1000": "divide_by_255_or_1000",
    "same-scale-features": "same_scale_features",
}
NAMES = tuple(_CASES)


def load(name: str):  # type: ignore[no-untyped-def]  # a Case; its module is imported only here
    """The case of this name.

    Raises:
        UsageError: no such case; the nearest name is proposed.
    """
    from importlib import import_module

    if name not in _CASES:
        near = get_close_matches(name, NAMES, n=1)
        raise UsageError(
            f"no case is called {name!r}",
            f"one of {', '.join(NAMES)}",
            f"did you mean {near[0]}?" if near else "see them with: unstuck cases list",
        )
    return import_module(f"unstuck.cases.{_CASES[name]}").CASE
