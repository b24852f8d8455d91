"""Functions of a user's that are called with what is seen or tried."""

import sys
from collections.abc import Callable
from reprlib import repr as shown
from typing import Any

from unstuck.errors import named


def heard(name: str, function: Callable[[Any], Any], goes_on: str) -> Callable[[Any], None]:
    """The function, which ends nothing: what it raises is said once on stderr, and it is called
    no more.

    Args:
        name: of the option that it was given as.
        goes_on: what is not ended, in a few words.
    """
    failed = False

    def call(says: Any) -> None:
        nonlocal failed
        if failed:
            return
        try:
            function(says)
        except Exception as error:
            failed = True
            told = f"unstuck: {name}={shown(function)} raised {named(error)}; it is called no more"
            print(f"{told}, {goes_on}", file=sys.stderr)

    return call
