"""A loss that is NaN or infinite where data and weights are finite."""

from typing import Any

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import regression
from unstuck.changes.loss import CROSSENTROPY, LOGITS, SQUARED
from unstuck.symptoms.start import LOSS


def _by_root(shift: float) -> Example:
    """A line, by the root of its mean squared error less a number, which may be below 0."""
    import jax.numpy as jnp
    import optax

    def apply(params: Any, x: Any) -> Any:
        return x @ params["kernel"] + params["bias"]

    def loss(output: Any, target: Any) -> Any:
        return jnp.sqrt(jnp.mean((output - target) ** 2) - shift)

    x, y = regression()
    params = {"kernel": jnp.full((8, 1), 0.1), "bias": jnp.zeros(1)}
    given = {"x": x, "y": y, "loss": loss, "optimizer": optax.sgd(0.05)}
    return Example(f"the root of the squared error less {shift:g}", (apply, params), given)


CAUSE = Cause(
    "non-finite-loss",
    "an output, loss or gradient that is not finite though data and weights are",
    "It takes the logarithm or root of what is not positive, divides by 0, or weighs by NaN."
    " What is NaN has no gradient, and the first step makes every weight NaN.",
    signs=(LOSS,),
    cures={
        "": "a loss of the framework's own, or one kept from log 0, √ of negatives and 0 / 0;"
        " the same of what the network computes, where its output is not finite"
    },
    harms=("non-finite-loss",),
    changes=(LOGITS, CROSSENTROPY, SQUARED),
    shows=lambda: _by_root(1e3),
    look_alike=lambda: _by_root(0.0),
)
