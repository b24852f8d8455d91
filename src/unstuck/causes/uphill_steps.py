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
    "A learning rate or an ε below 0, or an optimizer told to maximize, makes steps raise the loss."
    " A setting outside its range, or NaN, lets weights or averages grow without end, or be NaN.",
    signs=(UPHILL,),
    cures={
        "torch": "a positive, finite learning rate, betas and momentum within [0, 1), eps and"
        " weight_decay of at least 0, and no maximize=True for a loss",
        "keras": "a positive, finite learning rate, betas and momentum within [0, 1), epsilon and"
        " weight_decay of at least 0",
        "": "a positive, finite learning rate, and averages with shares within [0, 1)",
    },
    harms=("steps-uphill", "step-overshoots", "rate-above-critical", "next-to-no-progress"),
    changes=(ADAM,),
    shows=lambda: _with_rate(-0.1),
    look_alike=lambda: _with_rate(0.1),
)
