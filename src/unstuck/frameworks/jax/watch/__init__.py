"""Sees JAX loops: losses that the script differentiates, optax's updates, and steps by hand."""

import sys
from typing import Any
from weakref import WeakKeyDictionary

from unstuck.frameworks.jax.watch.hooks import see_gradients, see_jit, see_updates
from unstuck.frameworks.jax.watch.loops import Loops

_LOOPS: WeakKeyDictionary[Any, Loops] = WeakKeyDictionary()


def install(trainings: Any) -> None:
    """Puts the hooks into JAX and optax, as soon as the script has imported them."""
    if trainings not in _LOOPS:
        _LOOPS[trainings] = Loops(trainings)
    see_jit(_LOOPS[trainings])
    see_gradients(_LOOPS[trainings])
    if "optax" in sys.modules:
        see_updates(sys.modules["optax"], _LOOPS[trainings])
