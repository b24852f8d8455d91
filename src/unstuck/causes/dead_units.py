"""ReLU units that are off for every example."""

from dataclasses import replace

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.initialization import GLOROT, HE
from unstuck.symptoms.start import DEAD_UNITS


def _shows() -> Example:
    import jax
    import jax.numpy as jnp

    example = classifier("biases of −10 in the hidden layer")
    (hidden, last), _ = example.model.network.init(jax.random.key(0), (64,), jnp.dtype("float32"))
    params = ({**hidden, "bias": hidden["bias"] - 10}, last)
    return replace(example, model=(example.model, params))


def _look_alike() -> Example:
    return classifier("ReLU units, half of them off for any one example")


CAUSE = Cause(
    "dead-units",
    "ReLU units that are off for every example",
    "A ReLU unit whose pre-activation is never positive gives 0 and gets no gradient."
    " It cannot come back by itself, and too few are left to carry the function.",
    signs=(DEAD_UNITS,),
    cures={
        "": "biases of 0, a smaller learning rate, or leaky ReLU units",
    },
    harms=("dead-units", "gradient-vanishes", "no-gradient", "next-to-no-progress"),
    changes=(HE, GLOROT),
    shows=_shows,
    look_alike=_look_alike,
)
