"""Puts back every global random state that looking at a model might advance."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from unstuck.setups.generators import generators_kept
from unstuck.setups.unmoved import unmoved


def _of_torch(torch: Any) -> Callable[[], None]:
    cpu = torch.random.get_rng_state()
    gpu = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def restore() -> None:
        torch.random.set_rng_state(cpu)
        if gpu is not None:
            torch.cuda.set_rng_state_all(gpu)

    return restore


def _of_tensorflow(tf: Any) -> Callable[[], None]:
    from tensorflow.python.eager import context  # tf.random.set_seed's state has no public name

    eager = context.context()
    seed, operations = eager._seed, getattr(eager, "_rng", None)
    state = operations.getstate() if operations is not None else None
    generator = tf.random.get_global_generator()
    value = generator.state.numpy()

    def restore() -> None:
        eager._seed = seed
        if state is not None:
            eager._rng.setstate(state)
        generator.reset(value)

    return restore


def _of_keras(keras: Any) -> Callable[[], None]:
    from keras.src.backend.common import global_state  # the global seed has no public name

    generator = global_state.get_global_attribute("global_seed_generator")
    value = None if generator is None else keras.ops.convert_to_numpy(generator.state).copy()
    import_it_again = _without_tensorflow()
    counted = global_state.get_global_attribute("object_name_uids")  # dense, dense_1, …
    names = dict(counted or {})

    def restore() -> None:
        import_it_again()
        counters = global_state.get_global_attribute("object_name_uids")
        if counters is not None:
            counters.clear()
            counters.update(names)
        if generator is None:
            global_state.set_global_attribute("global_seed_generator", None)
        else:
            generator.state.assign(value)

    return restore


def _without_tensorflow() -> Callable[[], None]:
    """Keeps Keras on another backend from importing TensorFlow, which takes seconds.

    It does so to see whether something in a config is of TensorFlow's; nothing is, until then.
    """
    from keras.src.utils import module_utils  # what Keras asks has no public name

    asked: Any = getattr(module_utils, "tensorflow", None)
    if "tensorflow" in sys.modules or not hasattr(asked, "_available"):
        return lambda: None
    before, asked._available = asked._available, False
    return lambda: setattr(asked, "_available", before)


_FRAMEWORKS = {"torch": _of_torch, "tensorflow": _of_tensorflow, "keras": _of_keras}


@contextmanager
def untouched() -> Iterator[None]:
    """The random states of every framework already imported, put back after, and those of
    generators that are objects; and what `unmoved` keeps.

    A framework that is not imported has no state to keep.
    """
    restores = [of(sys.modules[name]) for name, of in _FRAMEWORKS.items() if name in sys.modules]
    try:
        with unmoved(), generators_kept(), np.errstate(all="ignore"):  # what overflows is measured
            yield
    finally:
        for restore in restores:
            restore()
