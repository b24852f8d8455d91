"""skorch: `fit` and `partial_fit` are the training; it starts with its first step."""

import inspect
from contextlib import AbstractContextManager
from typing import Any

from unstuck.frameworks.torch.watch import loops_of
from unstuck.frameworks.torch.watch.examples import check_can_be_read
from unstuck.frameworks.torch.watch.loops import Loops
from unstuck.watching.methods import surround


def install(trainings: Any) -> None:
    """Sees every net that is fitted from now on."""
    import skorch

    loops = loops_of(trainings)

    def fit(original: Any, net: Any, args: Any, kwargs: Any) -> Any:
        if trainings.is_quiet:
            return original(net, *args, **kwargs)
        given = inspect.signature(original).bind(net, *args, **kwargs).arguments
        with belonging(loops, net, given["X"], given.get("y")):
            return original(net, *args, **kwargs)

    for kind in _kinds(skorch.NeuralNet):
        for name in ("fit", "partial_fit"):
            surround(kind, name, fit)


def belonging(loops: Loops, net: Any, x: Any, y: Any) -> AbstractContextManager[None]:
    """Steps within are those of one training of this net on these data."""

    def start(optimizer: Any) -> dict[str, Any]:
        check_can_be_read(x)
        return {"model": net, "x": x, "y": y}

    return loops.belonging(start, "skorch")


def _kinds(kind: Any) -> list[Any]:
    """A class and those made of it; each `fit` of their own calls the next."""
    found = [kind]
    for made_of_it in kind.__subclasses__():
        found += _kinds(made_of_it)
    return list(dict.fromkeys(found))
