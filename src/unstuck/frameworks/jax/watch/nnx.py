"""Sees Flax NNX's loops: models that are changed in place."""

import copy
from typing import Any

import jax
from flax import nnx

from unstuck.frameworks.jax.watch import loops_of
from unstuck.frameworks.jax.watch.closure import Call
from unstuck.frameworks.jax.watch.hooks import see_gradients, see_jit


def install(trainings: Any) -> None:
    """Puts the hooks into Flax NNX."""
    loops = loops_of(trainings)
    see_jit(loops, nnx, copied=copy.deepcopy)
    see_gradients(loops, nnx, pure=_pure)


def _pure(function: Any, args: Any, kwargs: Any, wrt: Any, has_aux: bool) -> Call:
    """The loss as a function of one argument's parameters; its other state stays as it is."""
    place = wrt if isinstance(wrt, int) else wrt.argnum
    wanted = nnx.Param if isinstance(wrt, int) else wrt.filter
    graph, params, rest = nnx.split(args[place], wanted, ...)

    def pure(*args: Any, **kwargs: Any) -> Any:
        held = jax.tree.map(lambda a: a, rest)  # its own to change, of the same arrays
        model = nnx.merge(graph, args[place], held)
        return function(*args[:place], model, *args[place + 1 :], **kwargs)

    given = (*args[:place], params, *args[place + 1 :])
    return Call(pure, given, kwargs, place, has_aux, function)
