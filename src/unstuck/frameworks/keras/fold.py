"""Folding into Keras models: dense and convolution layers."""

from typing import Any

import keras
import numpy as np

from unstuck.cures.fold import PAD_FIRST, ZERO_PADDING, nothing, rows
from unstuck.errors import UsageError
from unstuck.scalers import Affine

PASSING = ("InputLayer", "Flatten", "Dropout", "Identity", "Reshape", "GaussianNoise")
SCALING = ("Rescaling", "Normalization")
KERNELS = ("Dense", "Conv1D", "Conv2D", "Conv3D")
SIZE = 32  # of an axis of unknown length, in the check
TOLERANCE = 1e-3  # relative to the largest output: float32 in layers of some thousand inputs


def folded(model: Any, scaler: Any) -> Any:
    """See `fold`; checked on random inputs."""
    if not model.built or len(model.inputs or ()) != 1:
        raise UsageError(
            "the model has no single input of known shape",
            "a built Sequential or functional model of one input",
        )
    layer, own = _first(model)
    if scaler is None and own is None:
        raise nothing()
    if scaler is not None and own is not None:
        raise UsageError(
            f"a scaler, and a model that begins with {own.name!r}",
            "one of the two",
            "fold(model) folds the model's own first",
        )
    mapped = _broadcast(own, layer) if own is not None else scaler
    convolution = type(layer).__name__ != "Dense"
    if convolution and layer.padding != "valid" and np.any(mapped.shift != 0):
        raise UsageError(ZERO_PADDING, "no padding, or a scaler that does not shift", PAD_FIRST)
    kernel = np.asarray(keras.ops.convert_to_numpy(layer.kernel), np.float64)
    groups = getattr(layer, "groups", 1)
    if groups != 1 and mapped.shift.ndim + mapped.scale.ndim:
        raise UsageError("a convolution in groups", "one map for all channels")
    bias = np.zeros(kernel.shape[-1])
    if layer.use_bias:
        bias = np.asarray(keras.ops.convert_to_numpy(layer.bias), np.float64)
    matrix = kernel.reshape(-1, kernel.shape[-1])
    features = kernel.shape[-2]
    every = rows(mapped, features)
    times = len(matrix) // features
    raw = Affine(np.tile(every.shift, times), np.tile(every.scale, times)).fold(matrix, bias)
    new = _rebuilt(model, layer, own, bool(np.any(raw[1] != 0)))
    target = new.get_layer(layer.name)
    values = [raw[0].reshape(kernel.shape), *([raw[1]] if target.use_bias else [])]
    target.set_weights(values)
    _check(model, new, every, own is not None, convolution)
    return new


def affine_of(layer: Any) -> Affine:
    """The map of a Rescaling or Normalization layer, one a feature of its last axis at most."""
    shift, scale = _arrays(layer)
    flat = []
    for a in (shift, scale):
        if a.size not in (1, a.shape[-1] if a.ndim else 1):
            raise UsageError(f"{layer.name!r} maps several axes", "one map a feature, or for all")
        flat.append(a.reshape(-1) if a.size > 1 else a.reshape(()))
    return Affine(*flat)


def _arrays(layer: Any) -> tuple[Any, Any]:
    """Shift and scale as they broadcast over one example."""
    if type(layer).__name__ == "Rescaling":
        factor = np.asarray(layer.scale, np.float64)
        offset = np.asarray(layer.offset, np.float64)
        return -offset / factor, 1 / factor
    if getattr(layer, "mean", None) is None:
        raise UsageError(f"{layer.name!r} is not adapted", "a Normalization layer that is")
    mean, variance = (
        np.asarray(keras.ops.convert_to_numpy(a), np.float64) for a in (layer.mean, layer.variance)
    )
    spread = np.maximum(np.sqrt(variance), keras.backend.epsilon())
    mean, spread = (a[0] if a.ndim and len(a) == 1 and a.ndim > 1 else a for a in (mean, spread))
    return (-mean / spread, 1 / spread) if layer.invert else (mean, spread)


def _first(model: Any) -> tuple[Any, Any]:
    """The first layer with a kernel, and the scaling layer before it; None without one."""
    own = None
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in KERNELS:
            return layer, own
        if kind in SCALING and own is None:
            own = layer
        elif kind not in PASSING:
            raise UsageError(
                f"the model begins with {layer.name!r}, a {kind}",
                "a dense or convolution layer, after flattening at most",
            )
    raise UsageError("the model has no dense or convolution layer", "one that sees the inputs")


def _broadcast(own: Any, layer: Any) -> Affine:
    """The model's own scaling as a map of the layer's rows."""
    shift, scale = _arrays(own)
    if (
        type(layer).__name__ == "Dense"
        and len(own.output.shape) > 2
        and shift.size + scale.size > 2
    ):
        shape = own.output.shape[1:]
        if layer.kernel.shape[0] == int(np.prod(shape)):  # flattened in between
            return Affine(*(np.broadcast_to(a, shape).reshape(-1) for a in (shift, scale)))
    return affine_of(own)


def _rebuilt(model: Any, layer: Any, own: Any, shifted: bool) -> Any:
    def clone(old: Any) -> Any:
        config = old.get_config()
        if old is own:
            return keras.layers.Identity(name=old.name)
        if old is layer and shifted:
            config["use_bias"] = True
        return type(old).from_config(config)

    try:
        if isinstance(model, keras.Sequential):
            layers = [clone(old) for old in model.layers if old is not own]
            shape = model.inputs[0].shape
            new = keras.Sequential([keras.Input(shape[1:], name=model.inputs[0].name), *layers])
        else:
            new = keras.models.clone_model(model, clone_function=clone)
    except Exception as error:
        raise UsageError(
            f"the model cannot be rebuilt: {str(error)[:200]}", "a Sequential or functional model"
        ) from error
    for old in model.layers:
        if old is not own and old is not layer and old.weights:
            new.get_layer(old.name).set_weights(old.get_weights())
    return new


def _check(model: Any, new: Any, every: Affine, whole: bool, convolution: bool) -> None:
    """Raises UsageError where the inputs reach more than the layer."""
    shape = tuple(SIZE if s is None else s for s in model.inputs[0].shape[1:])
    z = np.random.default_rng(0).normal(size=(4, *shape))
    if len(every.shift) == shape[-1]:
        shift, scale = every.shift, every.scale
    else:
        shift, scale = (a.reshape(shape) for a in (every.shift, every.scale))
    raw = z * scale + shift
    wanted, found = (
        np.asarray(keras.ops.convert_to_numpy(m(keras.ops.convert_to_tensor(x.astype(np.float32)))))
        for m, x in ((model, raw if whole else z), (new, raw))
    )
    largest = max(1.0, float(np.abs(wanted).max()))
    if not np.abs(wanted - found).max() <= TOLERANCE * largest:
        raise UsageError(
            "the inputs reach more than the first dense or convolution layer",
            "a model whose inputs go into one such layer and nowhere else",
            "keep the scaler in front of the model",
        )
