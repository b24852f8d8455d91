"""A built copy of a Keras model that has no weights yet."""

from typing import Any

import keras
from keras.src import backend

from unstuck.errors import UsageError
from unstuck.frameworks.keras.network import reason
from unstuck.frameworks.keras.remaking import made_again

FRESH = (
    "the model was not built: a copy with freshly drawn weights was looked at, which differ from"
    " those that training will start from"
)


def built(model: Any, inputs: Any) -> Any:
    """The model itself if it is built, else a copy of it, built on these inputs: layers that are
    built, as a normalization that was adapted or a pretrained base, have their weights there.

    Args:
        inputs: a few examples, as the model is called with.

    Raises:
        UsageError: it cannot be copied, or the copy cannot be built.
    """
    if model.built and getattr(model, "inputs", None) is not None:
        return model
    if model.built and all(layer.built for layer in model._flatten_layers()):
        return model
    try:
        copy = made_again(model)
        if [type(x) for x in copy._flatten_layers()] != [type(x) for x in model._flatten_layers()]:
            raise ValueError("its layers were changed after it was made")
    except Exception as error:
        raise _refused("cannot be copied", error) from error
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, inputs)
    specs = keras.tree.map_structure(
        lambda t: keras.KerasTensor(t.shape, backend.standardize_dtype(t.dtype)), tensors
    )
    try:
        try:
            backend.compute_output_spec(copy, specs)
            if not copy.built or not all(layer.built for layer in copy._flatten_layers()):
                raise ValueError
        except Exception:
            copy(tensors)
        _take_over(model, copy)
    except Exception as error:
        raise _refused("cannot be built on the data", error) from error
    # Its optimizer and its loss are read off the user's object.
    copy.run_eagerly = model.run_eagerly
    return copy


def _take_over(model: Any, copy: Any) -> None:
    """Gives a copy the weights of those layers that have theirs."""
    both = (_with_weights(model), _with_weights(copy))
    for layer, its in zip(*both, strict=True):
        if layer.built and layer.weights:
            store: dict[str, Any] = {}
            layer.save_own_variables(store)
            if store:
                its.load_own_variables(store)


def _with_weights(model: Any) -> list[Any]:
    """Its layers but for those of inputs, of which a model that is built has one more."""
    return [x for x in model._flatten_layers() if not isinstance(x, keras.layers.InputLayer)]


def _refused(what: str, error: Exception) -> UsageError:
    return UsageError(
        f"the model is not built and {what}: {reason(error)}",
        "a model with weights",
        "build it first: model(x[:1]) or model.build(input_shape)",
    )
