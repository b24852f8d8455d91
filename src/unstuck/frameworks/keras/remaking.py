"""Keras objects made again: from their configs, or attribute by attribute where they have none."""

import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import keras


def remade(kind: Any, config: Any, others: Sequence[Any] = ()) -> Any:
    """An object of a class from a config, which may mention other classes."""
    with keras.saving.custom_object_scope({other.__name__: other for other in (kind, *others)}):
        try:
            return kind.from_config(config)
        except TypeError:  # Keras hands over more than a class written without **kwargs takes
            if "layers" in config:
                raise
            return kind(**arguments(kind, config))


def arguments(kind: Any, config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a config a class takes that is written without **kwargs."""
    known = inspect.signature(kind.__init__).parameters
    return {k: v for k, v in config.items() if k in known}


def made_again(model: Any) -> Any:
    """A model, or layer, like this one, not built: from its config; where its class has none, as
    where a model of the user's own takes arguments, with the same attributes, each layer among
    them made again.

    Raises:
        Exception: whatever a class of the user's makes of it.
    """
    return _Parts().of(model)


class _Parts:
    """Layers that were made again, by the identity of the first: what is shared stays shared."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def of(self, layer: Any) -> Any:
        if id(layer) not in self._made:
            kinds = [type(part) for part in layer._flatten_layers()]
            try:
                made = remade(type(layer), layer.get_config(), kinds)
            except NotImplementedError:
                made = self._by_attributes(layer)
            self._made[id(layer)] = made
        return self._made[id(layer)]

    def _by_attributes(self, layer: Any) -> Any:
        kind = keras.Model if isinstance(layer, keras.Model) else keras.layers.Layer
        own: Any = type(layer)
        made = own.__new__(own)
        kind.__init__(made, name=layer.name, trainable=layer.trainable, dtype=layer.dtype_policy)
        for name, value in _attributes(layer, kind):
            setattr(made, name, self._value(value))
        return made

    def _value(self, value: Any) -> Any:
        match value:
            case keras.layers.Layer():
                return self.of(value)
            case keras.metrics.Metric() | keras.random.SeedGenerator():
                return type(value).from_config(value.get_config())
            case list() | tuple():
                return type(value)([self._value(v) for v in value])
            case dict():
                return {k: self._value(v) for k, v in value.items()}
            case keras.Variable():
                start = keras.ops.convert_to_numpy(value)
                return keras.Variable(start, dtype=value.dtype, trainable=value.trainable)
        return value


def _attributes(layer: Any, kind: Any) -> list[tuple[str, Any]]:
    """What a class of the user's keeps, in the order in which its layers were set."""
    known = _own_attributes(kind)
    modules = getattr(layer, "_modules", {})  # where PyTorch keeps those that are modules
    found = [(n, v) for n, v in {**vars(layer), **modules}.items() if n not in known]
    places = {id(part): i for i, part in enumerate(layer._layers)}

    def place(named: tuple[str, Any]) -> int:
        leaves = keras.tree.flatten(named[1])
        return min((places.get(id(leaf), -1) for leaf in leaves), default=-1)

    return sorted(found, key=place)


@cache
def _own_attributes(kind: Any) -> frozenset[str]:
    """What Keras itself keeps in a model or layer, compiled or not."""
    blank = kind()
    if isinstance(blank, keras.Model):
        blank.compile("sgd", "mse")
    return frozenset(vars(blank)) | frozenset(getattr(blank, "_modules", ()))
