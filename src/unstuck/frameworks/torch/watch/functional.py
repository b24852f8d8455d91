"""Losses that a script differentiates with `torch.func`: parameters are one of their arguments.

Two steps tell how parameters are updated. The loss is then computed once more on the module that
the parameters belong to, while it holds those of the first step.
"""

import functools
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_leaves

from unstuck.frameworks.torch.watch import data
from unstuck.frameworks.torch.watch.tape import Backward, tensors
from unstuck.setups.calls import computed
from unstuck.watching import descent
from unstuck.watching.standing import Undo, is_by_user, put
from unstuck.watching.unseen import Unseen


@dataclass(eq=False)
class Called:
    """A loss that was differentiated.

    Args:
        function: of the script.
        place: of the parameters among `args`.
        slopes, loss: their gradients, and the loss.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: int
    has_aux: bool
    slopes: Any
    loss: Any

    @property
    def parameters(self) -> dict[str, Any]:
        """By their names.

        Raises:
            Unseen: they have none.
        """
        found = self.args[self.place]
        if not isinstance(found, dict) or not all(map(torch.is_tensor, found.values())):
            raise Unseen("its parameters are no dictionary of a module's")
        return found

    def rate(self, after: "Called") -> float | None:
        """See `descent.rate`; None where nothing was updated that could be told."""
        parts = self.args[self.place], self.slopes, after.args[after.place]
        before, slopes, now = (
            [t.detach().cpu() for t in tree_leaves(part) if torch.is_tensor(t)] for part in parts
        )
        if [t.shape for t in before] != [t.shape for t in now]:
            return None
        return descent.rate(before, slopes, now)

    def module(self) -> Any:
        """The module of the script's that the parameters belong to.

        Raises:
            Unseen: none is found.
        """
        wanted = {name: p.shape for name, p in self.parameters.items()}
        for module in data.modules():
            if {name: p.shape for name, p in module.named_parameters()} == wanted:
                return module
        raise Unseen("no module was found whose parameters it trains")

    @contextmanager
    def put(self, module: Any) -> Iterator[None]:
        """The module holds these parameters, and afterwards what it held."""
        own = dict(module.named_parameters())
        held = {name: p.detach().clone() for name, p in own.items()}
        for name, value in self.parameters.items():
            own[name].data.copy_(value.detach())
        try:
            yield
        finally:
            for name, value in held.items():
                own[name].data.copy_(value)

    def again(self, module: Any, tape: Any) -> Backward:
        """What is done until the loss of the module's own parameters."""
        args = list(self.args)
        args[self.place] = dict(module.named_parameters())
        was_on, tape.hears_all = tape.is_on, True
        tape.switch_on()
        computed()
        try:
            with torch.enable_grad():
                loss = self.function(*args, **self.kwargs)
            tape.pause()
            found: Backward = tape.until(loss[0] if self.has_aux else loss)
            return found
        finally:
            tape.hears_all = False
            if not was_on:
                tape.switch_off()


_BOTH = torch.func.grad_and_value
_HEARD: weakref.WeakKeyDictionary[Any, list[Callable[[Called], None]]] = (
    weakref.WeakKeyDictionary()
)  # function that hands on -> to whom


def see(called: Callable[[Called], None]) -> Iterator[Undo]:
    """Hands on what the script differentiates with `torch.func.grad` and `grad_and_value`."""
    for name in ("grad", "grad_and_value"):
        yield put(torch.func, name, functools.partial(_differentiating, name, called))


def _differentiating(name: str, called: Callable[[Called], None], original: Any) -> Any:
    def differentiating(func: Any, argnums: Any = 0, has_aux: bool = False) -> Any:
        made = original(func, argnums, has_aux)
        if not is_by_user() or not isinstance(argnums, int):
            return made
        if made in _HEARD:  # it is another watch's
            _HEARD[made].append(called)
            return made
        full = _BOTH(func, argnums, has_aux)

        @functools.wraps(made)
        def differentiated(*args: Any, **kwargs: Any) -> Any:
            if any(map(torch._C._functorch.is_functorch_wrapped_tensor, tensors((args, kwargs)))):
                return made(*args, **kwargs)  # within another transformation
            slopes, value = full(*args, **kwargs)
            loss, aux = value if has_aux else (value, None)
            for hears in _HEARD[differentiated]:
                hears(Called(func, args, kwargs, argnums, has_aux, slopes, loss))
            if name == "grad_and_value":
                return slopes, value
            return (slopes, aux) if has_aux else slopes

        _HEARD[differentiated] = [called]
        return differentiated

    return differentiating
