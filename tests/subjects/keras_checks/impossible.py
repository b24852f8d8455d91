"""Settings and statistics with which nothing can learn are suspected."""

from typing import Any

import keras
import numpy as np
from keras import layers

from subjects.keras_checks.parts import CROSSENTROPY, D, chain, classes, mlp
from unstuck.sessions import diagnose

NAN = float("nan")


def suspected(model: Any) -> list[str]:
    return [s.name for s in diagnose(model, *classes()).suspects]


def check_settings_that_cannot_be() -> None:
    sgd, adam = keras.optimizers.SGD, keras.optimizers.Adam
    decays = keras.optimizers.schedules.ExponentialDecay(0.1, 10, NAN)
    for optimizer in (sgd(-0.1), sgd(decays), adam(epsilon=-1.0), adam(weight_decay=-0.5)):
        model = mlp()
        model.compile(optimizer, CROSSENTROPY)
        assert suspected(model) == ["uphill-steps"], optimizer.get_config()


def normalized(layer: Any) -> Any:
    """A model of the same weights, whatever was checked before."""
    drawn = keras.initializers.GlorotUniform(seed=0)
    model = chain((6,), layer, D(4, "softmax", kernel_initializer=drawn))
    model.compile("sgd", CROSSENTROPY)
    return model


def check_moving_statistics() -> None:
    sound = layers.BatchNormalization()
    momentum = layers.BatchNormalization(momentum=NAN)
    variance = layers.BatchNormalization(
        moving_variance_initializer=keras.initializers.Constant(-1)
    )
    adapted = layers.Normalization(mean=NAN, variance=1.0)
    for layer in (sound, momentum, variance, adapted):
        found = suspected(normalized(layer))
        assert ("non-finite-weights" in found[:1]) == (layer is not sound), found
    model = normalized(layers.BatchNormalization())
    model.layers[0].moving_variance.assign(np.full(6, NAN))
    assert suspected(model)[:1] == ["non-finite-weights"]
