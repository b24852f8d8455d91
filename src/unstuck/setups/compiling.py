"""How JAX compiles."""

from functools import cache
from typing import Any

import jax

SMALL = 20_000  # parameters: 8-64-64-1 runs as fast without fusion, 784-128-10 half as fast


@cache
def quick() -> dict[str, Any] | None:
    """Has XLA compile in a fifth of the time on a CPU, where this version of it can be told to.

    A small network runs each program a few times only: its compilation is what takes long.
    """
    options = {"xla_backend_optimization_level": 0, "xla_cpu_use_fusion_emitters": False}
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda: 0, compiler_options=options)()
    except Exception:  # an error of XLA's own, by whatever name
        return None
    return options


def lasting(size: int) -> dict[str, Any] | None:
    """For a program that takes thousands of steps: compiled in half the time where a network is so
    small that fused loops save nothing.

    Args:
        size: its parameters.
    """
    return {"xla_cpu_use_fusion_emitters": False} if quick() and size < SMALL else None
