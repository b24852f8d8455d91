"""Steps along the gradient, where they should go against it."""

from unstuck.causes.cause import Cause, Example
from unstuck.causes.examples import classifier
from unstuck.changes.optimizer import ADAM
from unstuck.symptoms.step import UPHILL


def _with_rate(rate: float) -> Example:
    from unstuck.engine.optimizers import keras

    return classifier(f"SGD with rate {rate:g}", optimizer=keras("sgd", learning_rate=rate))


CAUSE = Cause(
    "uphill-steps",
    "steps that go up the loss, or nowhere that is a number",
    "A learning rate below 0, or an optimizer told to maximize, makes each step raise the loss."
    " One that is NaN or infinite makes every weight so.",
    signs=(UPHILL,),
    cures={
        "torch": "a positive learning rate, and no maximize=True for a loss",
        "": "a positive, finite learning rate",
    },
    harms=("steps-uphill",),
    changes=(ADAM,),
    shows=lambda: _with_rate(-0.1),
    look_alike=lambda: _with_rate(0.1),
)
