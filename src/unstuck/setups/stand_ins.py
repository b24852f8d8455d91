"""Objects that answer for others: proxies of web frameworks, settings loaded when touched,
mocks. To ask one what it is runs code of its own, so that a scan over a script's values passes it.
"""

import weakref
from types import FunctionType
from typing import Any

_WEAK = {weakref.ProxyType, weakref.CallableProxyType}


def is_stand_in(value: Any) -> bool:
    """Whether the class that an object says it has is computed; asks its type alone."""
    kind = type(value)
    return kind in _WEAK or any(
        "__class__" in vars(k) or isinstance(vars(k).get("__getattribute__"), FunctionType)
        for k in kind.__mro__[:-1]
    )
