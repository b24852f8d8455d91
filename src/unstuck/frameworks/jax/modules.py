"""Models of Flax NNX and Equinox: objects that hold their parameters."""

from typing import Any

import jax

from unstuck.errors import UsageError
from unstuck.frameworks.jax import bare
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.setups.subject import Given


def subject(model: Any, given: Given) -> JaxSubject:
    """The set-up as a function of the model's parameters; see `bare.subject`.

    Args:
        model: of Flax NNX, which takes a batch, or of Equinox, which takes one example.

    Raises:
        UsageError: a model of Flax Linen, which holds no parameters.
    """
    if any(c.__module__.startswith("equinox") for c in type(model).__mro__):
        return bare.subject(_equinox(model), given)
    from flax import nnx

    if not isinstance(model, nnx.Module):
        raise UsageError(
            f"{type(model).__name__} is a module of Flax Linen, which holds no parameters",
            "diagnose((module.apply, variables), x, y, …)",
        )
    graph, params, rest = nnx.split(model, nnx.Param, ...)
    return bare.subject((lambda p, x: nnx.merge(graph, p, rest)(x), params), given)


def _equinox(model: Any) -> Any:
    import equinox as eqx

    params, rest = eqx.partition(model, eqx.is_inexact_array)
    return lambda p, x: jax.vmap(eqx.combine(p, rest))(x), params
