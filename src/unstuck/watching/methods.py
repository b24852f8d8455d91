"""Methods of a framework's classes with something of ours around them.

Plain functions in their place, not proxies: bound methods of them can be pickled, as pools of
processes need.
"""

import functools
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

Around = Callable[[Callable[..., Any], Any, tuple[Any, ...], dict[str, Any]], Any]


def surround(cls: type, name: str, around: Around) -> None:
    """Puts something around a method, in the class of the ancestry that defines it.

    Args:
        around: (original, self, args, kwargs) ↦ what a call returns; `original` takes self first.
    """
    owner = next(c for c in cls.__mro__ if name in vars(c))
    original = vars(owner)[name]
    if getattr(original, "_unstuck", False):
        return
    if isinstance(original, FunctionType):
        setattr(owner, name, _function(original, around))
    else:
        setattr(owner, name, _Descriptor(original, around))


def _function(original: Callable[..., Any], around: Around) -> Any:
    @functools.wraps(original)
    def method(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return around(original, self, args, kwargs)

    method._unstuck = True  # type: ignore[attr-defined]
    return method


class _Descriptor:
    """A method that is there for some objects only, as scikit-learn has them."""

    _unstuck = True

    def __init__(self, original: Any, around: Around) -> None:
        self._original, self._around = original, around

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        bound = self._original.__get__(instance, owner)
        unbound = getattr(bound, "__func__", bound)
        function = _function(unbound, self._around)
        return function if instance is None else MethodType(function, instance)
