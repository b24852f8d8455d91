"""Folding into Keras models; run by `test_fold` once a backend."""

import keras
import numpy as np
import pytest

import unstuck
from fixes.fold_parts import CHANNELS, DIVIDED, DRAW, FLOAT32, SCALERS, WHOLE, X, close, scaled
from unstuck.errors import UsageError

IMAGES = DRAW.normal(size=(5, 8, 8, 3)) * 40 + 100


def of(model, x):
    return np.asarray(keras.ops.convert_to_numpy(model(x.astype(np.float32))))


@pytest.mark.parametrize("name", SCALERS)
@pytest.mark.parametrize("bias", [True, False])
def test_keras_dense(name, bias):
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((6,)), layers.Dense(8, "tanh", use_bias=bias), layers.Dense(3)]
    )
    before = [w.copy() for w in model.get_weights()]
    folded = unstuck.fold(model, SCALERS[name])
    z = scaled(SCALERS[name], X)
    close(of(folded, X), of(model, z), FLOAT32)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("scaler", [CHANNELS, WHOLE, DIVIDED])
def test_keras_convolution(padding, scaler):
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(4, 3, padding=padding, activation="relu")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(hidden)))
    if padding == "same" and np.any(scaler.shift != 0):
        with pytest.raises(UsageError, match="pads with zeros"):
            unstuck.fold(model, scaler)
        return
    folded = unstuck.fold(model, scaler)
    close(of(folded, IMAGES), of(model, scaler(IMAGES)), FLOAT32)


@pytest.mark.parametrize("functional", [False, True])
def test_a_scaling_layer_of_keras_is_folded_away(functional):
    norm = keras.layers.Normalization()
    norm.adapt(X)
    inputs = keras.Input((6,))
    layers = [norm, keras.layers.Dense(5, "relu"), keras.layers.Dense(2)]
    if functional:
        hidden = inputs
        for layer in layers:
            hidden = layer(hidden)
        model = keras.Model(inputs, hidden)
    else:
        model = keras.Sequential([inputs, *layers])
    folded = unstuck.fold(model)
    close(of(folded, X), of(model, X), FLOAT32)
    assert not any(type(layer).__name__ == "Normalization" for layer in folded.layers)


def test_rescaled_images_that_are_flattened():
    layers = keras.layers
    norm = layers.Normalization()
    norm.adapt(IMAGES)
    for first in (layers.Rescaling(1 / 127.5, offset=-1), norm):
        model = keras.Sequential([keras.Input((8, 8, 3)), first, layers.Flatten(), layers.Dense(3)])
        close(of(unstuck.fold(model), IMAGES), of(model, IMAGES), FLOAT32)
        dense = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    assert unstuck.fold(dense, norm) is not dense  # a layer of Keras as the scaler
