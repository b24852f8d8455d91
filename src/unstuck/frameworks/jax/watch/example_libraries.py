"""JAX's example optimizers (`jax.example_libraries.optimizers`), followed as those of optax
that take the same steps."""

import functools
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from unstuck.frameworks.jax.watch.hooks import is_by_user

if TYPE_CHECKING:
    from unstuck.frameworks.jax.watch.loops import Loops

# name -> (optax, what it was made with) ↦ the optimizer of optax; step sizes may be schedules
_ALIKE: dict[str, Callable[[Any, dict[str, Any]], Any]] = {
    "sgd": lambda optax, of: optax.sgd(of["step_size"]),
    "momentum": lambda optax, of: optax.sgd(of["step_size"], of["mass"]),
    "nesterov": lambda optax, of: optax.sgd(of["step_size"], of["mass"], nesterov=True),
    "rmsprop": lambda optax, of: optax.rmsprop(of["step_size"], of["gamma"], of["eps"]),
    "adam": lambda optax, of: optax.adam(of["step_size"], of["b1"], of["b2"], of["eps"]),
}


def see_examples(optimizers: Any, loops: "Loops") -> None:
    """Surrounds what makes them, so that their updates are seen."""
    for name in _ALIKE:
        original = getattr(optimizers, name)
        if not hasattr(original, "_unstuck"):
            setattr(optimizers, name, _seen(original, name, loops))


def _seen(original: Any, name: str, loops: "Loops") -> Any:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def made(*args: Any, **kwargs: Any) -> Any:
        optimizer = original(*args, **kwargs)
        if loops.trainings.is_quiet or not is_by_user():
            return optimizer
        try:
            import optax
        except ImportError:
            return optimizer
        given = signature.bind(*args, **kwargs)
        given.apply_defaults()
        twin = _ALIKE[name](optax, given.arguments)

        @functools.wraps(optimizer.update_fn)
        def update(*step: Any) -> Any:
            if not loops.trainings.is_quiet:
                loops.updating(twin)
            return optimizer.update_fn(*step)

        return optimizer._replace(update_fn=update)

    made._unstuck = True  # type: ignore[attr-defined]
    return made
