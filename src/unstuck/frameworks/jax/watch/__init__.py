"""Sees JAX loops: losses that the script differentiates, optax's updates, and steps by hand."""

import sys
from typing import Any
from weakref import WeakKeyDictionary

from unstuck.frameworks.jax.watch.example_libraries import see_examples
from unstuck.frameworks.jax.watch.hooks import see_gradients, see_jit, see_updates
from unstuck.frameworks.jax.watch.loops import Loops

EXAMPLES = "jax.example_libraries.optimizers"
_LOOPS: WeakKeyDictionary[Any, Loops] = WeakKeyDictionary()


def loops_of(trainings: Any) -> Loops:
    """The JAX loops of a run: one for all libraries on JAX."""
    if trainings not in _LOOPS:
        _LOOPS[trainings] = Loops(trainings)
    return _LOOPS[trainings]


def install(trainings: Any) -> None:
    """Puts the hooks into JAX and optax, as soon as the script has imported them."""
    loops = loops_of(trainings)
    see_jit(loops)
    see_jit(loops, name="pmap")
    see_gradients(loops)
    if EXAMPLES in sys.modules:
        see_examples(sys.modules[EXAMPLES], loops)
    if "optax" in sys.modules:
        see_updates(sys.modules["optax"], loops)
