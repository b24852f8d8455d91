"""Where a JAX loop is seen: what the script differentiates, jits, and has optax update.

Only what the script itself calls is surrounded: what libraries call goes by untouched.
"""

import functools
import inspect
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


# (function, args, kwargs, argnums, has_aux) -> the call of a pure function of arrays
Pure = Callable[..., Call]


def is_by_user() -> bool:
    """Whether the function that asks was called by the script."""
    return is_users(sys._getframe(2).f_code.co_filename)


def see_gradients(
    loops: "Loops",
    module: Any = jax,
    of_loss: str = "value_and_grad",
    alone: str = "grad",
    pure: Pure = Call,
) -> None:
    """Surrounds what differentiates losses.

    Args:
        module: that has it.
        of_loss, alone: names of what gives loss and gradient, and of what gives the gradient alone.
        pure: makes a call one of a pure function of parameters that are arrays.
    """
    if hasattr(getattr(module, of_loss), "_unstuck"):
        return
    both, gradient = getattr(module, of_loss), getattr(module, alone)
    setattr(module, of_loss, _differentiating(loops, both, both, pure))
    setattr(module, alone, _differentiating(loops, gradient, both, pure))


def _differentiating(loops: "Loops", original: Any, both: Any, pure: Pure) -> Any:
    """What takes a loss's gradient, with its losses seen.

    Args:
        original: what the script calls.
        both: what gives loss and gradient: that alone gives one of them is all that sets it apart.
    """
    signature = inspect.signature(original)

    @functools.wraps(original)
    def differentiating(*args: Any, **kwargs: Any) -> Any:
        made = original(*args, **kwargs)
        if not is_by_user():
            return made
        full = both(*args, **kwargs)
        if not args and not {"fun", "f"} & set(kwargs):  # a decorator with settings
            return lambda f: seen(made(f), full(f), f, settings(kwargs))
        given = signature.bind(*args, **kwargs).arguments
        return seen(made, full, next(iter(given.values())), settings(given))

    def settings(given: dict[str, Any]) -> tuple[Any, bool]:
        return given.get("argnums", 0), bool(given.get("has_aux", False))

    def seen(made: Any, full: Any, function: Any, of: tuple[Any, bool]) -> Callable[..., Any]:
        @functools.wraps(made)
        def differentiated(*args: Any, **kwargs: Any) -> Any:
            result = full(*args, **kwargs)
            value, slope = result
            loss, aux = value if of[1] else (value, None)
            call = functools.partial(pure, function, args, kwargs, *of)
            loops.guarded(loops.gradient, call, loss, slope)
            if original is both:
                return result
            return (slope, aux) if of[1] else slope

        return differentiated

    differentiating._unstuck = True  # type: ignore[attr-defined]
    return differentiating


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


def see_jit(
    loops: "Loops", module: Any = jax, name: str = "jit", copied: Callable[[Any], Any] | None = None
) -> None:
    """Surrounds what jits.

    Args:
        module, name: where it is.
        copied: copies arguments that a call changes in place; None where it changes none.
    """
    original = getattr(module, name)
    if hasattr(original, "_unstuck"):
        return

    @functools.wraps(original)
    def jit(*args: Any, **kwargs: Any) -> Any:
        if not is_by_user():
            return original(*args, **kwargs)
        if not args:  # a decorator with settings
            return lambda function: _jitted(original, function, kwargs, loops, copied)
        given = dict(zip(list(inspect.signature(original).parameters)[1:], args[1:], strict=False))
        return _jitted(original, args[0], given | kwargs, loops, copied)

    jit._unstuck = True  # type: ignore[attr-defined]
    setattr(module, name, jit)


def _jitted(
    original: Any, function: Any, settings: dict[str, Any], loops: "Loops", copied: Any
) -> Any:
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
    kept = ("static_", "axis_name", "in_axes", "devices")
    static = {name: value for name, value in settings.items() if name.startswith(kept)}
    if copied is None and any(name.startswith("donate") and settings[name] for name in settings):
        copied = _copied
    share = functools.partial(_share, settings) if original.__name__ == "pmap" else _whole
    return Jitted(made, function, functools.partial(original, **static), copied, loops, share)


def _whole(args: Any, kwargs: Any) -> tuple[Any, Any, int]:
    """Arguments as one device has them, and how many share them out; 0 where none do."""
    return args, kwargs, 0


def _share(settings: dict[str, Any], args: Any, kwargs: Any) -> tuple[Any, Any, int]:
    """The same of what `pmap` made with these settings: the first device's."""
    axes, given = settings.get("in_axes", 0), settings.get("static_broadcasted_argnums", ())
    kept = {given} if isinstance(given, int) else set(given)
    several = axes if isinstance(axes, tuple) else (axes,) * len(args)
    shared = [axis is not None and i not in kept for i, axis in enumerate(several)]
    whole = [a for a, is_shared in zip(args, shared, strict=True) if is_shared]
    devices = len(jax.tree.leaves((whole, kwargs))[0])
    parts = [_first(a) if is_shared else a for a, is_shared in zip(args, shared, strict=True)]
    return tuple(parts), _first(kwargs), devices


def _first(tree: Any) -> Any:
    return jax.tree.map(lambda a: a[0], tree)


class Jitted(wrapt.ObjectProxy):  # type: ignore[type-arg]
    """A jitted function of the script's: as it is, and what its calls do is followed.

    Args:
        made: what the script would have.
        function: of the script.
        jit: jits another function as this one was.
        copied: copies arguments that a call uses up or changes; None where there are none.
        share: see `_whole`.
    """

    def __init__(
        self,
        made: Any,
        function: Any,
        jit: Callable[..., Any],
        copied: Any,
        loops: "Loops",
        share: Callable[[Any, Any], tuple[Any, Any, int]],
    ) -> None:
        super().__init__(made)
        self._self_function, self._self_jit, self._self_loops = function, jit, loops
        self._self_copied = copied
        self._self_share = share
        self._self_step: Step | None = None
        self._self_known = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        loops = self._self_loops
        if loops.is_blind or (self._self_known and self._self_step is None):
            return self.__wrapped__(*args, **kwargs)
        step, kept = self._self_step, (args, kwargs)
        if self._self_copied is not None and (step is None or step.wants_arguments):
            kept = self._self_copied(kept)
        result = self.__wrapped__(*args, **kwargs)
        loops.guarded(loops.called, self, kept, result)
        return result

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        return self.__wrapped__.__reduce_ex__(protocol)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


def _copied(arguments: Any) -> Any:
    return jax.tree.map(lambda a: a.copy() if isinstance(a, jax.Array) else a, arguments)
