"""What holds a Keras model back on purpose: dropout and regularisers."""

from typing import Any

from unstuck.changes.change import Value
from unstuck.frameworks.keras.architecture import Refusal


def droppers(model: Any, rate: Value) -> list[tuple[Any, tuple[str, ...]]]:
    """Layers whose rates of dropout are others, and what these are called."""
    found = []
    for layer in model._flatten_layers():
        names: tuple[str, ...] = ("dropout", "recurrent_dropout")
        if "Dropout" in type(layer).__name__:
            names = ("rate",)
        given = tuple(n for n in names if isinstance(vars(layer).get(n), float | int))
        given = tuple(n for n in given if vars(layer)[n] != rate)
        if given:
            found.append((layer, given))
    return found


def penalties(model: Any) -> list[tuple[Any, tuple[str, ...]]]:
    """Layers with regularisers, and what these are called."""
    found = []
    for layer in model._flatten_layers():
        of = vars(layer)
        names = tuple(n for n in of if n.endswith("_regularizer") and of[n] is not None)
        if names:
            found.append((layer, names))
    return found


def weaker(regularizer: Any, factor: float) -> Any:
    """A regulariser of so many times its strength; None for 0.

    Raises:
        Refusal: it is of the user's own.
    """
    if factor == 0:
        return None
    if not type(regularizer).__module__.startswith("keras."):
        raise Refusal("a regulariser is of the user's own")
    config = regularizer.get_config()
    scaled = {k: v * factor if isinstance(v, float) else v for k, v in config.items()}
    return type(regularizer).from_config(scaled)
