"""Where a torch model's activations and its first layer are, as one forward pass shows it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode

from unstuck.frameworks.torch.functions import ACTIVATIONS, BOUNDING, standard_name, tensors_in
from unstuck.frameworks.torch.trace import Trace


class End(NamedTuple):
    """The activation behind the last layer.

    Args:
        name: of its function.
        becomes: what the output is, with a logarithm that follows: "log_softmax".
        module: name of the module that does nothing else and is called once; "" if there is none.
        place: which of the forward pass's activations it is.
    """

    name: str
    becomes: str
    module: str
    place: int


class Survey(Trace):
    """A trace that also notes where activations are called."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.activations: list[tuple[str, str]] = []  # function, innermost module
        self.first: tuple[str, Any] | None = None  # module of the first layer, its input's shape
        self.bounded = False  # something such as a clamp follows the last activation

    def _handler(self, name: str, tensors: list[Any]) -> Callable[..., Any] | None:
        handler = super()._handler(name, tensors)
        where = self._stack[-1] if self._stack else ""
        if handler is Trace._activation:
            self.activations.append((name, where))
            self.bounded = False
        elif handler is Trace._layer and self.first is None:
            self.first = where, tuple(tensors[0].shape)
        return handler

    def _follow(self, name: str, out: Any, tensors: list[Any], args: Any) -> None:
        if self.output is None and name in BOUNDING and tensors and id(tensors[0]) in self._after:
            self.bounded = True
        super()._follow(name, out, tensors, args)

    @property
    def end(self) -> End | None:
        """The activation behind the last layer; None for a linear output."""
        if self.output_activation == "linear" or not self.activations:
            return None
        name, where = self.activations[-1]
        alone = self.is_activation(where) and [w for _, w in self.activations].count(where) == 1
        module = where if alone and not self.bounded else ""
        return End(name, self.output_activation, module, len(self.activations) - 1)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Function and module of each hidden activation."""
        return self.activations[: -1 if self.end else None]

    def is_activation(self, name: str) -> bool:
        """Whether the module of this name is one of torch's activations, and no more."""
        module = self._model.get_submodule(name)
        home = type(module).__module__ == "torch.nn.modules.activation"
        return bool(name) and home and not any(True for _ in module.children())


class _Skip(TorchFunctionMode):  # type: ignore[misc]
    """Puts another function in place of one activation, and of the bounding ones behind it."""

    def __init__(self, index: int, by: Any) -> None:
        super().__init__()
        self.left, self.by = index, by

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        name = standard_name(getattr(func, "__name__", "").strip("_"), args, kwargs)
        if name in ACTIVATIONS and tensors_in((*args, *kwargs.values())):
            self.left -= 1
            if self.left == -1:
                return self.by(args[0])
        elif self.left < 0 and name in BOUNDING:
            return args[0]
        return func(*args, **kwargs)


class WithoutEnd(torch.nn.Module):  # type: ignore[misc]
    """A model whose forward pass has another module in place of its last activation, which is no
    module of its own.

    Args:
        place: which of the forward pass's activations that is.
    """

    def __init__(self, model: Any, place: int, by: Any) -> None:
        super().__init__()
        self.model, self.place, self.by = model, place, by

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        with _Skip(self.place, self.by):
            return self.model(*args, **kwargs)
