"""Weights that are NaN or infinite before training begins."""

import numpy as np

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.initialization import GLOROT
from unstuck.symptoms.start import STATISTICS, WEIGHTS


def _with_first_weight(value: float) -> Example:
    """The sound classifier, with one weight set by hand."""
    import jax
    import jax.numpy as jnp

    example = classifier(f"one weight of {value:g}")
    setup = example.model
    params, _ = setup.network.init(jax.random.key(0), (64,), jnp.dtype(setup.dtype))
    kernel = np.array(params[0]["kernel"])
    kernel[3, 5] = value
    first = params[0] | {"kernel": jnp.asarray(kernel)}
    return Example(example.says, (setup, (first, *params[1:])), example.arguments)


CAUSE = Cause(
    "non-finite-weights",
    "weights or moving statistics that are NaN or infinite before training begins",
    "One such weight makes the output NaN, and the first step every other weight; a moving"
    " statistic, or a variance below 0, makes it so in evaluation alone."
    " They were loaded from a training that had diverged, or set so by hand.",
    signs=(WEIGHTS, STATISTICS),
    cures={
        "torch": "draw the weights anew (layer.reset_parameters(), of a normalization its moving"
        " statistics too), or load them from before the training diverged",
        "keras": "draw the weights anew, with moving statistics of 0 and 1 and a momentum below"
        " 1, or load them from before the training diverged",
        "": "draw the weights anew, or load them from before the training diverged",
    },
    harms=("non-finite-weights", "non-finite-statistics"),
    changes=(GLOROT,),
    shows=lambda: _with_first_weight(float("nan")),
    look_alike=lambda: _with_first_weight(0.0),
)
