"""Objects of Keras as the Python that makes them."""

from collections.abc import Mapping
from typing import Any

from unstuck.frameworks.keras.changes import Plan


def number(value: Any) -> str:
    """A number to 6 digits; anything else as Python writes it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool) or value is None:
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


def rate(plan: Plan) -> str:
    """A learning rate or schedule; "" for a schedule of the user's own."""
    if not plan.scheduled:
        return number(plan.rate)
    if not type(plan.rate).__module__.startswith("keras."):
        return ""
    return call(type(plan.rate), plan.rate.get_config(), "optimizers.schedules")


def optimizer(plan: Plan, model: str) -> str:
    """A fresh optimizer; one of the user's own classes is made from the model's."""
    own, config = f"{model}.optimizer", plan.config
    told = rate(plan)
    if not told:
        return f"type({own}).from_config({own}.get_config())"
    if not plan.kind.__module__.startswith("keras."):
        given = {k: v for k, v in config.items() if k in ("epsilon", "global_clipnorm")}
        pairs = "".join(f', "{k}": {number(v)}' for k, v in given.items() if v is not None)
        return f'type({own}).from_config({own}.get_config() | {{"learning_rate": {told}{pairs}}})'
    rest = call(plan.kind, config, "optimizers").partition("(")[2]
    comma = "" if rest == ")" else ", "
    return f"keras.optimizers.{plan.kind.__name__}(learning_rate={told}{comma}{rest}"


def loss(given: Any, own: str) -> str:
    """A loss by name or as an object; one of the user's own by what it is called."""
    import keras

    if isinstance(given, str):
        return f'"{given}"'
    if isinstance(given, keras.losses.Loss) and hasattr(keras.losses, type(given).__name__):
        return call(type(given), given.get_config(), "losses")
    return own


def metric(given: Any) -> str:
    """A metric by name or as an object; "" for one of the user's own."""

    if isinstance(given, str):
        return f'"{given}"'
    if type(given).__module__.startswith("keras."):
        return call(type(given), given.get_config(), "metrics")
    return ""
