"""Copies of a Keras model from its config, with layers made otherwise or something in front."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import keras

from unstuck.frameworks.keras.activations import ALONE, alone_name, kind_of, name_of
from unstuck.frameworks.keras.layers import visible
from unstuck.frameworks.keras.network import Network
from unstuck.frameworks.keras.remaking import made_again, remade

# id of a layer -> what it is made with otherwise, by the name of the argument
Edits = dict[int, dict[str, Any]]
BOUNDED = ("softmax", "sigmoid")

_DRAWN = {"Dense": "", "BaseConv": "", "BaseConvTranspose": "", "BaseDepthwiseConv": ""}


class Refusal(Exception):
    """Why a change cannot be made, as half a sentence."""


def is_linear_map(layer: Any) -> bool:
    """Whether a layer is a dense or convolution layer."""
    return kind_of(layer, _DRAWN) is not None and hasattr(layer, "kernel")


# --- Which activations are exchanged. ---


def _own_name(layer: Any) -> str | None:
    """Name of the activation that a layer with weights applies itself; None for none at all."""
    activation = getattr(layer, "activation", None)
    if not callable(activation) or kind_of(layer, ALONE) is not None:
        return None
    if isinstance(activation, keras.Layer):
        return alone_name(activation) if kind_of(activation, ALONE) is not None else None
    return name_of(activation) or "unknown"


def _standing(model: Any) -> list[Any]:
    """Activation layers that stand alone, not as the `activation` of another."""
    layers = visible(model)
    owned = {id(getattr(layer, "activation", None)) for layer in layers}
    return [x for x in layers if kind_of(x, ALONE) is not None and id(x) not in owned]


def of_output(network: Network, output: str) -> list[Any]:
    """Layers that hold the output's activation; two for a softmax of a softmax."""
    if network.at_logits is None or output in ("linear", "unknown"):
        return []
    found: list[Any] = []
    standing = [x for x in _standing(network.model) if alone_name(x) == output]
    for entry in reversed(network.entries):
        if entry.activation not in (output, *BOUNDED):
            break
        if _own_name(entry.layer) == entry.activation:
            return [*found, entry.layer]
        if not standing:
            break
        found.append(standing.pop())
        if entry.layer is not found[-1]:
            break
    return found


def ending(network: Network, output: str) -> list[Any]:
    """Layers whose activation is the output's, the last kernel's own where that is none."""
    if output == "linear" and network.at_logits is not None:
        return [network.at_logits.layer]
    return of_output(network, output)


def hidden(network: Network, output: Sequence[Any]) -> list[Any]:
    """Layers that hold the hidden activations; dense and convolution layers if there is none."""
    model, at = network.model, network.at_logits
    no = {id(layer) for layer in output}
    layers = [x for x in visible(model) if kind_of(x, ALONE) is None and id(x) not in no]
    inner = {id(e.layer) for e in network.entries if e.unseen}
    holding = [
        x for x in layers if _own_name(x) not in (None, "linear", "softmax") and id(x) not in inner
    ]
    holding += [
        x
        for x in _standing(model)
        if id(x) not in no and alone_name(x) not in ("softmax", "linear")
    ]
    last = None if at is None else at.layer
    holding = [x for x in holding if x is not last]
    return holding or [x for x in layers if is_linear_map(x) and x is not last]


# --- Copies. ---


def copied(model: Any, examples: Any, changed: Edits | None = None) -> Any:
    """A built copy with weights drawn anew.

    Args:
        model: built.
        examples: a few, packed as the model is called with.
        changed: what layers of the copy are made with otherwise.

    Raises:
        Refusal: the model cannot be made again from its config, or not with these changes.
    """
    changed = changed or {}
    kinds = [type(layer) for layer in model._flatten_layers()]
    done: set[int] = set()
    try:
        config = deepcopy(model.get_config())
    except NotImplementedError:
        config = None
    except Exception as error:
        raise Refusal(f"the model cannot be copied: {_first_line(error)}") from error
    if config is not None and "layers" in config:
        _edit(model, config, changed, done)
    try:
        copy = made_again(model) if config is None else remade(type(model), config, kinds)
        if not copy.built or not all(layer.built for layer in copy._flatten_layers()):
            copy(keras.tree.map_structure(keras.ops.convert_to_tensor, examples))
    except Exception as error:
        raise Refusal(f"the model cannot be copied: {_first_line(error)}") from error
    if not changed and [type(layer) for layer in copy._flatten_layers()] != kinds:
        raise Refusal("the model cannot be copied: its layers were changed after it was made")
    if not done:
        _follow(model, copy)
    _edit_in_place(model, copy, {k: v for k, v in changed.items() if k not in done})
    return copy


def _edit(model: Any, config: Any, changed: Edits, done: set[int]) -> None:
    by_name = {layer.name: layer for layer in model._layers}
    reshaped = any("units" in edit for edit in changed.values())
    for part in config["layers"]:
        if reshaped:
            part.pop("build_config", None)  # its shapes are of the old units
        layer = by_name.get(part["config"].get("name", part.get("name")))
        if layer is None:
            continue
        edit = changed.get(id(layer))
        if edit is not None and set(edit) <= set(part["config"]):
            done.add(id(layer))
            part["config"] |= {k: _serialized(v) for k, v in edit.items()}
        elif edit is not None and set(edit) == {"activation"}:  # Softmax, ReLU, …
            done.add(id(layer))
            own = {k: part["config"][k] for k in ("name", "dtype") if k in part["config"]}
            part["config"] = own | edit
            part["module"], part["class_name"] = "keras.layers", "Activation"
            part["registered_name"] = None
            for node in part.get("inbound_nodes", ()):
                node["kwargs"] = {}  # a Softmax takes a mask
        elif "layers" in part["config"] and getattr(layer, "_layers", None):
            _edit(layer, part["config"], changed, done)


def _serialized(value: Any) -> Any:
    plain = value is None or isinstance(value, bool | int | float | str)
    return value if plain else keras.saving.serialize_keras_object(value)


def _follow(model: Any, copy: Any) -> None:
    """Activations that were set after a model was made, which its config does not know."""
    mine, its = visible(model), visible(copy)
    if len(mine) != len(its):
        return
    for layer, twin in zip(mine, its, strict=True):
        before, after = _own_name(layer), _own_name(twin)
        if type(layer) is type(twin) and before != after and "unknown" not in (before, after):
            twin.activation = layer.activation


def _edit_in_place(model: Any, copy: Any, changed: Edits) -> None:
    """For layers that a config does not reach: inside a model or layer of the user's own."""
    if not changed:
        return
    mine, its = list(model._flatten_layers()), list(copy._flatten_layers())
    if len(mine) != len(its):
        raise Refusal("what is to be changed is inside of layers of the model's own")
    for layer, twin in zip(mine, its, strict=True):
        for name, value in changed.get(id(layer), {}).items():
            if not hasattr(twin, name) or name == "units":
                raise Refusal(
                    f"the model is a class of its own, in which a {type(twin).__name__} layer"
                    " cannot be exchanged"
                )
            setattr(twin, name, keras.activations.get(value) if name == "activation" else value)
            of = name.removesuffix("_regularizer")
            for variable in twin._trainable_variables if of != name else ():
                if variable.name == of:
                    variable.regularizer = value


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]


# --- In front. ---


def plain(shape: tuple[int, ...], units: int, output: str) -> Any:
    """Two dense layers of 64 ReLU units for inputs (n, *shape), and the output's layer."""
    dense = keras.layers.Dense
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Flatten(),
            dense(64, "relu"),
            dense(64, "relu"),
            dense(units, output),
        ]
    )


def own_training(model: Any) -> bool:
    """Whether the class of the model changes how it is trained, which something put around it
    would not."""
    own = type(model)
    return bool(
        own.train_step is not keras.Model.train_step
        or own.compute_loss is not keras.Model.compute_loss
    )


def fronted(
    core: Any,
    fronts: Sequence[Callable[[Any], Any] | None],
    examples: Sequence[Any],
    pack: Callable[[Any], Any],
) -> Any:
    """A model with something before each input of another.

    Args:
        fronts: a layer, or a function of symbolic tensors, for each input; None for nothing.
        examples: arrays, one an input.
        pack: turns a tuple of inputs into what the model is called with.
    """
    numbers = pack(tuple(range(len(examples))))
    names = {i: key for key, i in numbers.items()} if isinstance(numbers, dict) else {}
    inputs = tuple(
        keras.Input(
            a.shape[1:],
            name=names.get(i),
            dtype=str(a.dtype) if front is None and a.dtype.kind != "f" else None,
        )
        for i, (a, front) in enumerate(zip(examples, fronts, strict=True))
    )
    moved = tuple(i if f is None else f(i) for i, f in zip(inputs, fronts, strict=True))
    if len(inputs) == 1 and all(isinstance(f, keras.Layer) for f in fronts):
        return keras.Sequential([inputs[0], fronts[0], core])
    return keras.Model(pack(inputs), core(pack(moved)))
