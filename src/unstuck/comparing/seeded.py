"""A script's seeds, moved on, so that it can be run again with other weights and orders.

Seeds that a script gives to PyTorch, Keras, TensorFlow, JAX and scikit-learn's networks are moved
on; those of Python and NumPy, with which scripts make and split their data, are not.
"""

from collections.abc import Callable
from typing import Any

import wrapt

# Module -> functions whose first argument, `seed`, is one.
SEEDED = {
    "torch": ("manual_seed",),
    "keras.utils": ("set_random_seed",),
    "tensorflow": ("random.set_seed",),
    "jax.random": ("key", "PRNGKey"),
}
NETWORKS = "sklearn.neural_network"  # their `random_state` is one


def moved_on(offset: int) -> None:
    """Moves on the seeds that are given from now on; by 0, everything stays as it is."""
    if not offset:
        return

    def seeded(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        if args and isinstance(args[0], int):
            args = (args[0] + offset, *args[1:])
        if isinstance(kwargs.get("seed"), int):
            kwargs = {**kwargs, "seed": kwargs["seed"] + offset}
        return wrapped(*args, **kwargs)

    def fitted(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
        network = args[0] if instance is None else instance  # called by its class
        own = network.random_state
        network.random_state = own + offset if isinstance(own, int) else own
        try:
            return wrapped(*args, **kwargs)
        finally:
            network.random_state = own

    def wrap(module: str, name: str, how: Callable[..., Any]) -> None:
        @wrapt.when_imported(module)  # type: ignore[untyped-decorator,unused-ignore]
        def imported(module: Any) -> None:
            wrapt.wrap_function_wrapper(module, name, how)

    for module, functions in SEEDED.items():
        for function in functions:
            wrap(module, function, seeded)
    for kind in ("MLPClassifier", "MLPRegressor"):
        wrap(NETWORKS, f"{kind}.fit", fitted)
