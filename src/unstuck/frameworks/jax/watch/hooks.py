"""Where a JAX loop is seen: what the script differentiates, jits, and has optax update.

Only what the script itself calls is surrounded: what libraries call goes by untouched.
"""

import functools
import sys
from collections.abc import Callable
from types import MethodType
from typing import TYPE_CHECKING, Any

import jax
import wrapt

from unstuck.frameworks.jax.watch.closure import Call
from unstuck.watching.place import is_users

if TYPE_CHECKING:
    from unstuck.frameworks.jax.watch.loops import Loops, Step


def _is_by_user() -> bool:
    """Whether the function that asks was called by the script."""
    return is_users(sys._getframe(2).f_code.co_filename)


def see_gradients(loops: "Loops") -> None:
    """Surrounds `jax.grad` and `jax.value_and_grad`."""
    if hasattr(jax.value_and_grad, "_unstuck"):
        return
    of_loss, alone = jax.value_and_grad, jax.grad

    @functools.wraps(of_loss)
    def value_and_grad(fun: Any, argnums: Any = 0, has_aux: bool = False, **rest: Any) -> Any:
        made = of_loss(fun, argnums, has_aux, **rest)
        return _seen(made, fun, argnums, has_aux, True, loops) if _is_by_user() else made

    @functools.wraps(alone)
    def grad(fun: Any, argnums: Any = 0, has_aux: bool = False, **rest: Any) -> Any:
        made = alone(fun, argnums, has_aux, **rest)
        return _seen(made, fun, argnums, has_aux, False, loops) if _is_by_user() else made

    value_and_grad._unstuck = True  # type: ignore[attr-defined]
    jax.value_and_grad, jax.grad = value_and_grad, grad


def _seen(
    made: Any, function: Any, wrt: Any, has_aux: bool, has_value: bool, loops: "Loops"
) -> Callable[..., Any]:
    @functools.wraps(made)
    def differentiated(*args: Any, **kwargs: Any) -> Any:
        result = made(*args, **kwargs)
        call = Call(function, args, kwargs, wrt, has_aux)
        loops.guarded(loops.gradient, call, result, has_value)
        return result

    return differentiated


def see_updates(optax: Any, loops: "Loops") -> None:
    """Surrounds the `update` of optax's optimizers."""
    kind = optax.GradientTransformation
    if isinstance(vars(kind)["update"], property):
        return

    def update(optimizer: Any) -> Any:
        if loops.trainings.is_quiet:
            return optimizer[1]
        return functools.partial(loops.updates, optimizer)

    kind.update = property(update)


def see_jit(loops: "Loops") -> None:
    """Surrounds `jax.jit`."""
    original = jax.jit
    if hasattr(original, "_unstuck"):
        return

    @functools.wraps(original)
    def jit(*args: Any, **kwargs: Any) -> Any:
        if not _is_by_user():
            return original(*args, **kwargs)
        if not args:  # a decorator with settings
            return lambda function: _jitted(original, function, kwargs, loops)
        return _jitted(original, args[0], kwargs, loops)

    jit._unstuck = True  # type: ignore[attr-defined]
    jax.jit = jit


def _jitted(original: Any, function: Any, settings: dict[str, Any], loops: "Loops") -> Any:
    @functools.wraps(function)
    def traced(*args: Any, **kwargs: Any) -> Any:
        trace = loops.tracing()
        try:
            result = function(*args, **kwargs)
            loops.guarded(trace.returned, result)
            return result
        finally:
            loops.traced(trace)

    made = original(traced, **settings)
    return Jitted(made, function, settings, loops)


DONATED = ("donate_argnums", "donate_argnames")


class Jitted(wrapt.ObjectProxy):  # type: ignore[misc]
    """A jitted function of the script's: as it is, and what its calls do is followed.

    Args:
        made: by `jax.jit`.
        function: of the script.
        settings: that it was made with.
    """

    def __init__(self, made: Any, function: Any, settings: dict[str, Any], loops: "Loops") -> None:
        super().__init__(made)
        self._self_function, self._self_loops = function, loops
        self._self_static = {k: v for k, v in settings.items() if k.startswith("static_")}
        self._self_donated = any(settings.get(k) for k in DONATED)  # arguments are used up
        self._self_step: Step | None = None
        self._self_known = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        loops = self._self_loops
        if loops.is_blind or (self._self_known and self._self_step is None):
            return self.__wrapped__(*args, **kwargs)
        step = self._self_step
        keep = self._self_donated and (step is None or step.wants_arguments)
        kept = _copied((args, kwargs)) if keep else (args, kwargs)
        result = self.__wrapped__(*args, **kwargs)
        loops.guarded(loops.called, self, kept, result)
        return result

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


def _copied(arguments: Any) -> Any:
    return jax.tree.map(lambda a: a.copy() if isinstance(a, jax.Array) else a, arguments)
