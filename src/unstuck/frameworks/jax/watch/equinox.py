"""Sees Equinox's loops: models whose leaves are arrays and functions."""

from typing import Any

import equinox as eqx

from unstuck.frameworks.jax.watch import loops_of
from unstuck.frameworks.jax.watch.closure import Call
from unstuck.frameworks.jax.watch.hooks import see_gradients, see_jit


def install(trainings: Any) -> None:
    """Puts the hooks into Equinox."""
    loops = loops_of(trainings)
    see_jit(loops, eqx, "filter_jit")
    see_gradients(loops, eqx, "filter_value_and_grad", "filter_grad", _pure)


def _pure(function: Any, args: Any, kwargs: Any, wrt: Any, has_aux: bool) -> Call:
    """The loss as a function of the first argument's arrays."""
    params, rest = eqx.partition(args[0], eqx.is_inexact_array)

    def pure(params: Any, *args: Any, **kwargs: Any) -> Any:
        return function(eqx.combine(params, rest), *args, **kwargs)

    return Call(pure, (params, *args[1:]), kwargs, 0, has_aux, function)
