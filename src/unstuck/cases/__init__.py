"""The published questions, one a file, each run as a study."""

from unstuck.names import unknown

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
        raise unknown("case", name, NAMES, "see them with: unstuck cases list")
    return import_module(f"unstuck.cases.{_CASES[name]}").CASE
