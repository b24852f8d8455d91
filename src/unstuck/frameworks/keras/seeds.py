"""Seeds for a trial, and the random states that Keras has, put back."""

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend.common import global_state

from unstuck.setups.untouched import untouched

_GLOBAL = ("global_seed_generator", "global_random_seed")  # of Keras; without a public name


@contextmanager
def traceless() -> Iterator[None]:
    """Every random state and every counter of names is afterwards what it was."""
    before = {name: global_state.get_global_attribute(name) for name in _GLOBAL}
    with untouched():
        try:
            yield
        finally:
            for name, value in before.items():
                global_state.set_global_attribute(name, value)


def seed_all(seed: int, model: Any) -> None:
    """Seeds whatever the making and training of a copy of the model may draw from.

    `keras.utils.set_random_seed` would import TensorFlow on every backend, and makes it compile
    everything anew; its own seed matters only to layers that are not Keras's.
    """
    seed %= 2**32
    for name in _GLOBAL:
        global_state.set_global_attribute(name, None)
    random.seed(seed)
    np.random.seed(seed)
    backend = keras.backend.backend()
    if backend == "torch":
        sys.modules["torch"].manual_seed(seed)
    elif backend == "tensorflow" and not all(
        type(layer).__module__.startswith("keras.") for layer in model._flatten_layers()
    ):
        sys.modules["tensorflow"].random.set_seed(seed)
