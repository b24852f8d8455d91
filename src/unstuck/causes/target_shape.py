"""Targets (n,) against outputs (n, 1), or the other way round."""

from typing import Any

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import regression
from unstuck.changes.target_shape import SHAPED
from unstuck.symptoms.wiring import BROADCAST


def _network(says: str, flat: bool) -> Example:
    """Plain JAX, whose squared error broadcasts: an 8-64-1 network."""
    import jax.numpy as jnp
    import optax

    x, y = regression()
    draw = np.random.default_rng(0)
    params = [draw.normal(size=(a, b)).astype(np.float32) / a**0.5 for a, b in ((8, 64), (64, 1))]

    def apply(params: Any, x: Any) -> Any:
        return jnp.maximum(x @ params[0], 0) @ params[1]

    def squared(output: Any, y: Any) -> Any:
        return jnp.mean((output - y) ** 2)

    given = {"x": x, "y": y[:, 0] if flat else y, "loss": squared, "optimizer": optax.adam(1e-3)}
    return Example(says, (apply, params), given)


def _shows() -> Example:
    return _network("targets (n,) against outputs (n, 1)", flat=True)


def _look_alike() -> Example:
    return _network("targets (n, 1) against outputs (n, 1)", flat=False)


CAUSE = Cause(
    "target-shape",
    "targets have another shape than the output",
    "The loss subtracts every target from every output, n × n differences in place of n, and is"
    " smallest where all outputs are the mean of all targets."
    " The network learns that one constant.",
    signs=(BROADCAST,),
    cures={
        "torch": "y = y.view_as(output), or y.unsqueeze(1) once, before training",
        "": "y = y[:, None] for outputs of shape (n, 1)",
    },
    harms=("targets-broadcast",),
    changes=(SHAPED,),
    shows=_shows,
    look_alike=_look_alike,
)
