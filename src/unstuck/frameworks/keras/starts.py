"""What copies of a Keras model start from: weights drawn anew, and weights that are kept."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from unstuck.frameworks.keras.activations import kind_of
from unstuck.frameworks.keras.architecture import is_linear_map
from unstuck.frameworks.keras.layers import Recorder, watched

LEVEL = 1e-3  # of the test of Kolmogorov and Smirnov
VALUES = 10_000  # of a kernel that are tested, at most

_UNIT_AXIS = {"BaseConvTranspose": "-2"}  # else the last


def variables_of(layer: Any) -> list[Any]:
    """A layer's own: trained ones, moving statistics, seeds."""
    seeds = [generator.state for generator in layer._seed_generators]
    return [*layer._trainable_variables, *layer._non_trainable_variables, *seeds]


def all_variables(model: Any) -> list[Any]:
    """Those of all layers, in the order of the layers."""
    found = {id(v): v for layer in model._flatten_layers() for v in variables_of(layer)}
    return list(found.values())


def values_of(variables: Sequence[Any]) -> list[NDArray[Any]]:
    """Their values, on memory of their own."""
    return [np.array(keras.ops.convert_to_numpy(v.value)) for v in variables]


def twins(model: Any, other: Any) -> list[int]:
    """For each variable of a model the index of the same one of another copy; -1 for none.

    A layer without dropout has no seed, where one with it has.
    """
    at = {id(v): i for i, v in enumerate(all_variables(other))}
    mine, its = list(model._flatten_layers()), list(other._flatten_layers())
    found = {id(v): -1 for v in all_variables(model)}
    for layer, twin in zip(mine, its, strict=False):
        left = variables_of(twin)
        for v in variables_of(layer):
            same = [w for w in left if w.name == v.name and tuple(w.shape) == tuple(v.shape)]
            if same:
                left = [w for w in left if w is not same[0]]
                found[id(v)] = at[id(same[0])]
    return list(found.values())


def kept(model: Any, fresh: Any, was_trained: bool) -> tuple[set[int], tuple[str, ...]]:
    """Layers whose weights their initialisers cannot have drawn.

    A kernel is compared with a fresh draw by the two-sample test of Kolmogorov and Smirnov;
    what an initialiser makes constant is compared exactly.

    Args:
        model: the user's.
        fresh: a copy of it with weights drawn anew.
        was_trained: then its layers that are trained are no evidence, and drawn anew.

    Returns:
        ids of variables of the model, and names of layers.
    """
    ids, names = set[int](), []
    for layer, other in zip(model._flatten_layers(), fresh._flatten_layers(), strict=True):
        mine, its = variables_of(layer), variables_of(other)
        if was_trained and any(v.trainable for v in layer._trainable_variables):
            continue
        weights = len(layer._trainable_variables) + len(layer._non_trainable_variables)
        pairs = zip(values_of(mine[:weights]), values_of(its[:weights]), strict=True)
        if not all(_fits(a, b) for a, b in pairs):
            ids |= {id(v) for v in mine[:weights]}
            names.append(layer.name)
    return ids, tuple(names)


def _fits(value: NDArray[Any], drawn: NDArray[Any]) -> bool:
    if value.dtype.kind != "f" and value.dtype.kind != "V":
        return True
    a, b = value.astype(np.float64).ravel(), drawn.astype(np.float64).ravel()
    if np.array_equal(a, b) or not np.isfinite(a).all():
        return True
    if a.min() == a.max() or b.min() == b.max():
        return a.size == 1 and b[0] not in (0, 1)  # one number that is drawn says nothing
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    a, b = (v if v.size <= VALUES else rng.choice(v, VALUES, replace=False) for v in (a, b))
    return bool(ks_2samp(a, b, method="asymp").pvalue >= LEVEL)


def finish(model: Any) -> None:
    """Tells layers that compute on their weights beforehand that these are assigned."""
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Normalization) and layer.input_mean is None:
            layer.finalize_state()


def redrawn(layers: Sequence[Any], rule: str, seed: int) -> None:
    """Draws the trainable kernels of dense and convolution layers anew, biases are 0.

    Args:
        rule: "glorot" or "he", by their uniform rule; the same numbers on every backend.
    """
    for i, layer in enumerate(layers):
        kernel = layer._kernel if hasattr(layer, "_kernel") else layer.kernel
        shape = tuple(kernel.shape)
        units = shape[int(kind_of(layer, _UNIT_AXIS) or -1)]
        field = int(np.prod(shape[:-2]))
        fan_in, fan_out = int(np.prod(shape)) // units, field * units
        limit = np.sqrt(6 / (fan_in + fan_out) if rule == "glorot" else 6 / fan_in)
        draw = np.random.default_rng([seed, i, 17]).uniform(-limit, limit, shape)
        kernel.assign(draw.astype("float32"))
        bias = getattr(layer, "bias", None)
        if bias is not None:
            bias.assign(np.zeros(tuple(bias.shape), "float32"))


def drawable(model: Any) -> list[Any]:
    """Dense and convolution layers whose kernels are trained."""
    return [x for x in model._flatten_layers() if is_linear_map(x) and x.kernel.trainable]


def unit_variance(model: Any, core: Any, layers: Sequence[Any], x: Any) -> None:
    """Scales kernels, in the order of the forward pass, until pre-activations have variance 1.

    Pre-activations are proportional to the kernel where biases are 0, so that one pass a layer
    is enough.

    Args:
        model: called with x.
        core: the model in it that the layers belong to.
        x: a batch, packed.
    """
    wanted, done = {id(layer) for layer in layers}, set[int]()
    tensors = keras.tree.map_structure(keras.ops.convert_to_tensor, x)
    keeping = [v for v in all_variables(model) if not v.trainable]
    before = values_of(keeping)
    while True:
        recorder = Recorder()
        with watched(core, recorder):
            model(tensors, training=True)
        entries = [e for e in recorder.entries if id(e.layer) in wanted - done]
        if not entries:
            break
        entry = entries[0]
        done.add(id(entry.layer))
        z = entry.tensor if entry.tensor is not None else entry.flow
        if z is None:
            continue
        variance = float(np.var(np.asarray(keras.ops.convert_to_numpy(z), np.float64)))
        if np.isfinite(variance) and variance > 0:
            kernel = entry.layer.kernel
            kernel.assign(keras.ops.convert_to_numpy(kernel) / np.float32(np.sqrt(variance)))
    for variable, value in zip(keeping, before, strict=True):
        variable.assign(value)
