"""Puts back what a user's own code keeps in attributes while it is called."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

_PLAIN = (int, float, bool, str, type(None))


@contextmanager
def attributes_kept(owners: Iterable[Any]) -> Iterator[None]:
    """Puts back attributes, and takes off new ones.

    Of those with an underscore only plain values are put back, and none is taken off: frameworks
    make some of theirs when they are first needed.
    """
    found = [getattr(owner, "__dict__", {}) for owner in owners]
    before = [(attributes, set(attributes), _kept(attributes)) for attributes in found]
    try:
        yield
    finally:
        for attributes, names, values in before:
            for name in attributes.keys() - names:
                if not name.startswith("_"):
                    del attributes[name]
            attributes.update(values)


def _kept(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in attributes.items()
        if not name.startswith("_") or type(value) in _PLAIN
    }
