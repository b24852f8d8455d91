"""Folding into torch modules: linear layers and convolutions."""

import copy
import math
from typing import Any

import numpy as np
import torch

from unstuck.cures.fold import PAD_FIRST, ZERO_PADDING, nothing, rows
from unstuck.errors import UsageError
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.setup import device_of
from unstuck.scalers import Affine

CONVOLUTIONS = (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
SIZES = (8, 16, 28, 32, 64, 96, 128, 224)  # of images, tried until one fits the model
TOLERANCE = 1e-6  # relative, in float64


def folded(model: Any, scaler: Any) -> Any:
    """See `fold`; checked on random inputs that the model can take."""
    if scaler is None:
        model, scaler = _own(model)
    new = switched(copy.deepcopy(model), False)
    layer = _first(new)
    device_of(new)
    exact = copy.deepcopy(new).double()
    before = copy.deepcopy(exact)
    _fold(_first(exact), scaler)
    _fold(layer, scaler)
    _check(before, exact, layer, scaler)
    return new


def _own(model: Any) -> tuple[Any, Affine]:
    """The model without the scaling it begins with, and that scaling."""
    from unstuck.frameworks.torch.cure import Scaled

    if isinstance(model, torch.nn.Sequential) and len(model) and isinstance(model[0], Scaled):
        rest = list(model.children())[1:]
        shift, scale = (t.detach().cpu().double().numpy() for t in (model[0].shift, model[0].scale))
        whole = rest[0] if len(rest) == 1 else torch.nn.Sequential(*rest)
        return whole, Affine(
            shift.reshape(-1) if shift.ndim else shift, scale.reshape(-1) if scale.ndim else scale
        )
    raise nothing()


def _first(model: Any) -> Any:
    for module in model.modules():
        if isinstance(module, (torch.nn.Linear, *CONVOLUTIONS)):
            return module
    raise UsageError(
        f"the {type(model).__name__} has no dense or convolution layer", "one that sees the inputs"
    )


def _fold(layer: Any, scaler: Affine) -> None:
    """In place, computed in float64."""
    weight = layer.weight.detach().cpu().double().numpy()
    units = len(weight)
    old = layer.bias
    bias = np.zeros(units) if old is None else old.detach().cpu().double().numpy()
    groups = 1
    if isinstance(layer, CONVOLUTIONS):
        groups = layer.groups
        padded = layer.padding != "valid" and np.any(
            [True] if layer.padding == "same" else np.asarray(layer.padding) != 0
        )
        if padded and layer.padding_mode == "zeros" and np.any(scaler.shift != 0):
            raise UsageError(ZERO_PADDING, "no padding, or a scaler that does not shift", PAD_FIRST)
    features = weight.shape[1] * groups
    every = rows(scaler, features, weight[0, 0].size)
    size, part = units // groups, weight[0].size
    for group in range(groups):
        mine = slice(group * size, (group + 1) * size)
        seen = slice(group * part, (group + 1) * part)
        own = Affine(every.shift[seen], every.scale[seen])
        kernel, bias[mine] = own.fold(weight[mine].reshape(size, -1).T, bias[mine])
        weight[mine] = kernel.T.reshape(weight[mine].shape)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        if old is not None:
            old.copy_(torch.from_numpy(bias))
        elif np.any(bias != 0):
            layer.bias = torch.nn.Parameter(torch.from_numpy(bias).to(layer.weight))


def _check(before: Any, after: Any, layer: Any, scaler: Affine) -> None:
    """Raises UsageError where the layer is not what sees the inputs, and alone."""
    features = layer.in_features if hasattr(layer, "in_features") else layer.in_channels
    whole = rows(scaler, features)
    draw = np.random.default_rng(0)
    device = layer.weight.device
    tried = ""
    for shape in _shapes(layer, features):
        z = draw.normal(size=shape)
        axis = [1] * (len(shape) - 1)
        axis[0 if isinstance(layer, CONVOLUTIONS) else -1] = features
        flat = isinstance(layer, torch.nn.Linear) and math.prod(shape[1:]) == features
        shift, scale = (
            a.reshape(shape[1:]) if flat else a.reshape(axis) for a in (whole.shift, whole.scale)
        )
        raw = z * scale + shift
        try:
            with torch.no_grad():
                wanted = before(torch.from_numpy(z).to(device))
        except Exception as error:
            tried = str(error)
            continue
        with torch.no_grad():
            found = after(torch.from_numpy(raw).to(device))
        largest = max(1.0, float(wanted.abs().max()))
        if float((wanted - found).abs().max()) <= TOLERANCE * largest:
            return
        raise UsageError(
            "the inputs reach more than the first dense or convolution layer",
            "a model whose inputs go into one such layer and nowhere else",
            "keep the scaler in front of the model",
        )
    raise UsageError(
        f"no input could be found that the model takes: {tried[:200]}",
        f"inputs of {features} features or channels",
        "keep the scaler in front of the model",
    )


def _shapes(layer: Any, features: int) -> list[tuple[int, ...]]:
    if isinstance(layer, CONVOLUTIONS):
        axes = layer.weight.ndim - 2
        return [(4, features, *[size] * axes) for size in SIZES]
    found: list[tuple[int, ...]] = [(4, features), (4, 3, features)]
    for channels in (1, 3):  # images that are flattened
        side = round((features / channels) ** 0.5)
        if channels * side * side == features:
            found += [(4, channels, side, side), *([(4, side, side)] if channels == 1 else [])]
    return found
