"""skorch: `fit` and `partial_fit` are the training; it starts with its first step."""

import inspect
from typing import Any

from unstuck.frameworks.torch.watch import loops_of
from unstuck.frameworks.torch.watch.examples import check_can_be_read
from unstuck.watching.methods import surround


def install(trainings: Any) -> None:
    """Sees every net that is fitted from now on."""
    import skorch

    loops = loops_of(trainings)

    def fit(original: Any, net: Any, args: Any, kwargs: Any) -> Any:
        if trainings.is_quiet:
            return original(net, *args, **kwargs)

        def start(optimizer: Any) -> dict[str, Any]:
            given = inspect.signature(original).bind(net, *args, **kwargs).arguments
            check_can_be_read(given["X"])
            return {"model": net, "x": given["X"], "y": given.get("y")}

        with loops.belonging(start, "skorch"):
            return original(net, *args, **kwargs)

    for kind in _kinds(skorch.NeuralNet):
        for name in ("fit", "partial_fit"):
            surround(kind, name, fit)


def _kinds(kind: Any) -> list[Any]:
    """A class and those made of it; each `fit` of their own calls the next."""
    found = [kind]
    for made_of_it in kind.__subclasses__():
        found += _kinds(made_of_it)
    return list(dict.fromkeys(found))
