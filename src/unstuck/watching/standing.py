"""What of ours stands in the place of a library's function, for a while.

Several watches may stand in one place, and leave in any order: `unstuck run`, and watches that the
script itself holds. What others put around it meanwhile stays.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

from unstuck.watching.place import is_users

Undo = Callable[[], None]
Made = Callable[[Callable[..., Any]], Callable[..., Any]]


class _Place:
    """A function of a class or module, and what stands around it."""

    def __init__(self, owner: Any, name: str) -> None:
        original = vars(owner)[name]
        self._owner, self._name, self._original = owner, name, original
        self._around: list[Made] = []
        self._outermost = original

        @functools.wraps(original)
        def standing(*args: Any, **kwargs: Any) -> Any:
            return self._outermost(*args, **kwargs)

        self.standing: Any = standing
        standing._unstuck_place = self  # type: ignore[attr-defined]
        setattr(owner, name, standing)

    def add(self, made: Made) -> Undo:
        self._around.append(made)
        self._outermost = made(self._outermost)
        return functools.partial(self._remove, made)

    def _remove(self, made: Made) -> None:
        self._around.remove(made)
        self._outermost = self._original
        for one in self._around:
            self._outermost = one(self._outermost)
        if not self._around and vars(self._owner)[self._name] is self.standing:
            setattr(self._owner, self._name, self._original)


def put(owner: Any, name: str, made: Made) -> Undo:
    """Puts something around a plain function.

    Args:
        owner: the class or module that defines it.
        made: what stands around so far, or the function itself ↦ what stands there now.

    Returns:
        What takes it off again, to be called once.
    """
    found = vars(owner)[name]
    place = getattr(found, "_unstuck_place", None)
    if place is None or place.standing is not found:  # a copy of the attribute, in other hands
        place = _Place(owner, name)
    undo: Undo = place.add(made)
    return undo


def is_by_user() -> bool:
    """Whether a line of the user's, and no library's, calls what stands in that place; to be asked
    by the function that stands there."""
    frame = sys._getframe(1)
    asks = frame.f_code
    while frame.f_back is not None and (
        frame.f_code is asks or frame.f_code.co_filename == __file__
    ):
        frame = frame.f_back
    return is_users(frame.f_code.co_filename)
