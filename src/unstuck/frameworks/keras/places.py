"""Layers of a Keras model as code, by attributes and positions; names that Keras counts are never
used, since a script that builds its model twice gets others."""

from collections.abc import Iterator
from typing import Any

import keras

from unstuck.frameworks.keras.layers import visible

FEW = 8  # layers that are written out one by one

# (class, argument) -> where the argument may stand without its keyword.
POSITIONS = {
    ("Dense", "units"): 0,
    ("Dense", "activation"): 1,
    ("SimpleRNN", "units"): 0,
    ("Activation", "activation"): 0,
}


def place(model: Any, layer: Any, name: str) -> str:
    """A layer as an expression: model.layers[2], model.hidden, model.blocks[0].norm.

    Args:
        name: of the model in code.
    """
    found = _find(model, layer, name, set())
    return found or name


def _find(owner: Any, layer: Any, so_far: str, seen: set[int]) -> str:
    if id(owner) in seen:
        return ""
    seen.add(id(owner))
    below = list(_below(owner))
    for part, path in below:
        if part is layer:
            return so_far + path
    for part, path in below:
        found = _find(part, layer, so_far + path, seen)
        if found:
            return found
    return ""


def _below(owner: Any) -> Iterator[tuple[Any, str]]:
    """What stands right below, and how it is reached."""
    if is_listed(owner):
        for i, layer in enumerate(owner.layers):
            yield layer, f".layers[{i}]"
        return
    held = vars(owner)
    for name, value in {**held, **held.get("_modules", {})}.items():  # on torch they are modules
        if name.startswith("_"):
            continue
        if isinstance(value, keras.Layer):
            yield value, f".{name}"
        elif isinstance(value, list | tuple):
            for i, part in enumerate(value):
                if isinstance(part, keras.Layer):
                    yield part, f".{name}[{i}]"
        elif isinstance(value, dict):
            for key, part in value.items():
                if isinstance(part, keras.Layer):
                    yield part, f".{name}[{key!r}]"


def is_listed(model: Any) -> bool:
    """Whether a model is Sequential or functional, with `layers` in an order of its own."""
    return isinstance(model, keras.Sequential) or hasattr(model, "_nodes_by_depth")


def numbered(model: Any, layer: Any) -> str:
    """A layer as edits call it, "layer 2"; "" for one without parameters."""
    own = [x for x in visible(model) if x.weights]
    at = next((i for i, x in enumerate(own) if x is layer), None)
    return "" if at is None else f"layer {at}"


def position(layer: Any, argument: str) -> int | None:
    """Where an argument may stand without its keyword; None if it cannot."""
    return POSITIONS.get((type(layer).__name__, argument))
