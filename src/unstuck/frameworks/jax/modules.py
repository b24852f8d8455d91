"""Models of Flax NNX and Equinox: objects that hold their parameters."""

import inspect
from typing import Any

import jax

from unstuck.errors import UsageError
from unstuck.frameworks.jax import bare
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.setups.subject import Given


def subject(model: Any, given: Given) -> JaxSubject:
    """The set-up as a function of the model's parameters; see `bare.subject`.

    Args:
        model: of Flax NNX, which takes a batch, or of Equinox, which takes one example, and a `key`
            where it has such an argument. Other state than parameters stays as it is.

    Raises:
        UsageError: a model of Flax Linen, which holds no parameters.
    """
    if any(c.__module__.startswith("equinox") for c in type(model).__mro__):
        return _of_equinox(model, given)
    from flax import nnx

    if not isinstance(model, nnx.Module):
        raise UsageError(
            f"{type(model).__name__} is a module of Flax Linen, which holds no parameters",
            "diagnose((module.apply, variables), x, y, …)",
        )
    graph, params, rest = nnx.split(model, nnx.Param, ...)

    def made(params: Any) -> Any:
        own = jax.tree.map(lambda a: a, (params, rest))  # variables of its own, of the same arrays
        return nnx.merge(graph, *own)

    return bare.subject((lambda p, x: made(p)(x), params), given, made)


def _of_equinox(model: Any, given: Given) -> JaxSubject:
    import equinox as eqx

    params, rest = eqx.partition(model, eqx.is_inexact_array)
    takes_key = "key" in inspect.signature(model).parameters

    def apply(params: Any, x: Any) -> Any:
        made = eqx.combine(params, rest)
        if not takes_key:
            return jax.vmap(made)(x)
        keys = jax.random.split(jax.random.key(0), len(x))
        return jax.vmap(lambda one, key: made(one, key=key))(x, keys)

    return bare.subject((apply, params), given, lambda p: eqx.combine(p, rest))
