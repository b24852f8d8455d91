"""Ε larger than the gradients."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.epsilon import EPSILON
from unstuck.symptoms.wiring import BELOW_EPSILON


def _shows() -> Example:
    from unstuck.engine.optimizers import keras

    return classifier("Adam with ε = 100", optimizer=keras("adam", epsilon=100.0))


def _look_alike() -> Example:
    from unstuck.engine.optimizers import keras

    optimizer = keras("adam", learning_rate=0.1, epsilon=0.1)
    return classifier("a large ε with a rate to match", optimizer=optimizer)


CAUSE = Cause(
    "optimizer-epsilon",
    "ε larger than the gradients",
    "Where √v is below ε the step is lr·g/ε in place of about lr."
    " With small gradients that is next to nothing, however large the learning rate looks.",
    signs=(BELOW_EPSILON,),
    cures={
        "keras": "keras.optimizers.Adam(epsilon=1e-7)",
        "torch": "torch.optim.Adam(…, eps=1e-8)",
        "": "ε of 10⁻⁸ to 10⁻⁷, or a learning rate larger by ε / |gradient|",
    },
    harms=("next-to-no-progress",),
    changes=(EPSILON,),
    shows=_shows,
    look_alike=_look_alike,
)
