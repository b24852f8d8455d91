"""What to say of a name that is not known."""

from collections.abc import Collection
from difflib import get_close_matches

from unstuck.errors import UsageError


def meant(name: str, names: Collection[str], otherwise: str = "") -> str:
    """What to do about a name that is not known: the nearest one is proposed, as code.

    Args:
        otherwise: what to do where no name is near.
    """
    by_lower = {n.lower(): n for n in names}
    near = get_close_matches(name.lower(), by_lower, n=1)
    return f"did you mean {by_lower[near[0]]!r}?" if near else otherwise


def unknown(what: str, name: str, names: Collection[str], otherwise: str = "") -> UsageError:
    """The error for a name that is none of those known; the nearest one is proposed.

    Args:
        what: the kind of thing, e.g. "case".
        otherwise: what to do where no name is near.
    """
    near = get_close_matches(name, names, n=1)
    return UsageError(
        f"no {what} is called {name!r}",
        f"one of {', '.join(names)}",
        f"did you mean {near[0]}?" if near else otherwise,
    )
