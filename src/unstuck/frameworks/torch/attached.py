"""A step in which nothing is detached from what it was computed from."""

from collections.abc import Callable
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

_CUTS = frozenset({"detach", "detach_"})


class Attached(TorchFunctionMode):  # type: ignore[misc]
    """Within it `detach` and `.data` give the tensor itself."""

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in _CUTS or func is torch.Tensor.data.__get__:
            return args[0]
        return func(*args, **(kwargs or {}))


def attached(step: Callable[..., Any]) -> Callable[..., Any]:
    """The step with nothing detached in it."""

    def whole(*args: Any) -> Any:
        with Attached():
            return step(*args)

    return whole
