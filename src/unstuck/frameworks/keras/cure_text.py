"""Objects of Keras as the Python that makes them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from unstuck.frameworks.keras.changes import Recipe


def number(value: Any) -> str:
    """A number to 6 digits; anything else as Python writes it."""
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(number, value))}]"
    if isinstance(value, int):
        return str(value)
    try:
        short = float(f"{float(value):.6g}")
    except (TypeError, ValueError):
        return repr(value)
    return str(int(short)) if short.is_integer() and abs(short) < 1e6 else repr(short)


def array(values: Any) -> str:
    """A number for one value, else an array inline."""
    flat = np.asarray(values, np.float64).ravel()
    if flat.size == 1 or (flat == flat[0]).all():
        return number(float(flat[0]))
    return f"np.array([{', '.join(number(float(v)) for v in flat)}])"


def call(kind: Any, config: Mapping[str, Any], where: str) -> str:
    """The call of a class of Keras with what differs from its defaults."""
    try:
        default = kind().get_config()
    except TypeError:
        default = {}
    arguments = [
        f"{name}={number(value)}"
        for name, value in config.items()
        if name not in ("name", "dtype", "fn") and value != default.get(name)
    ]
    return f"keras.{where}.{kind.__name__}({', '.join(arguments)})"


def optimizer(recipe: Recipe) -> str:
    """An optimizer; one of the user's own classes is made from `old.optimizer`."""
    of_keras = recipe.kind.__module__.startswith("keras.")
    rate = recipe.rate
    if recipe.scheduled:
        if not type(rate).__module__.startswith("keras."):
            return "type(old.optimizer).from_config(old.optimizer.get_config())"
        text = call(type(rate), rate.get_config(), "optimizers.schedules")
    else:
        text = number(rate)
    if not of_keras:
        changed = {k: v for k, v in recipe.config.items() if k in ("epsilon", "global_clipnorm")}
        pairs = ", ".join(
            [f'"learning_rate": {text}', *(f'"{k}": {number(v)}' for k, v in changed.items())]
        )
        return f"type(old.optimizer).from_config(old.optimizer.get_config() | {{{pairs}}})"
    made = call(recipe.kind, recipe.config, "optimizers")
    rest = made.partition("(")[2]
    comma = "" if rest == ")" else ", "
    return f"keras.optimizers.{recipe.kind.__name__}(learning_rate={text}{comma}{rest}"


def loss(given: Any) -> str:
    """A loss by name or as an object; one of the user's own is `old.loss`."""
    import keras

    if isinstance(given, str):
        return repr(given)
    if isinstance(given, keras.losses.Loss) and hasattr(keras.losses, type(given).__name__):
        return call(type(given), given.get_config(), "losses")
    return "old.loss"
