"""Names of activations: of functions and layers of Keras, and of functions told by their values."""

from collections.abc import Callable
from typing import Any

import numpy as np

from unstuck.setups.subject import Floats

ALONE = {  # activation layers -> their activation; "" where the layer holds it
    "Activation": "",
    "ReLU": "relu",
    "LeakyReLU": "leaky_relu",
    "PReLU": "prelu",
    "ELU": "elu",
    "Softmax": "softmax",
}
_OTHER_NAMES = {"swish": "silu", "hard_swish": "hard_silu", "exponential": "exp"}


def kind_of(layer: Any, table: dict[str, str]) -> str | None:
    """The table's word on the layer's class or the nearest of its ancestors."""
    for ancestor in type(layer).__mro__:
        if ancestor.__name__ in table and ancestor.__module__.split(".")[0] == "keras":
            return table[ancestor.__name__]
    return None


def name_of(activation: Any) -> str | None:
    """An activation function's standard name; None for one that is not Keras's."""
    name = getattr(activation, "__name__", type(activation).__name__).lower()
    if not str(getattr(activation, "__module__", "")).startswith("keras."):
        return None
    return _OTHER_NAMES.get(name, name)


def alone_name(layer: Any) -> str | None:
    """The activation that an activation layer stands for."""
    name = kind_of(layer, ALONE)
    if not name:
        return name_of(layer.activation)
    if name == "relu" and getattr(layer, "negative_slope", None):
        return "leaky_relu"
    return "relu6" if name == "relu" and layer.max_value == 6 else name


def recognised(before: Floats, after: Floats) -> str:
    """The name of the function that made `after` of `before`, both (rows, units)."""
    if before.shape != after.shape or not np.isfinite(before).all():
        return "unknown"
    tolerance = 1e-3 * max(float(np.abs(after).max(initial=0)), 1e-6)
    with np.errstate(all="ignore"):
        for name, function in _FUNCTIONS.items():
            if np.abs(function(before) - after).max(initial=0) <= tolerance:
                return name
    return "unknown"


def _softmax(z: Floats) -> Floats:
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p: Floats = e / e.sum(axis=-1, keepdims=True)
    return p


_FUNCTIONS: dict[str, Callable[[Floats], Floats]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": _softmax,
    "sigmoid": lambda z: 0.5 + 0.5 * np.tanh(z / 2),
    "tanh": np.tanh,
    "log_softmax": lambda z: np.log(_softmax(z)),
    "silu": lambda z: z * (0.5 + 0.5 * np.tanh(z / 2)),
    "gelu": lambda z: z * (0.5 + 0.5 * np.tanh(0.7978846 * (z + 0.044715 * z**3))),
    "leaky_relu": lambda z: np.where(z > 0, z, 0.2 * z),
    "elu": lambda z: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "softplus": lambda z: np.logaddexp(z, 0),
    "exp": np.exp,
}
