"""Hidden activations that saturate, die or are missing; only trials tell."""

from unstuck.causes.cause import Cause
from unstuck.changes.activation import LEAKY, RELU, TANH

CAUSE = Cause(
    "hidden-activation",
    "hidden activations that do not serve",
    "Units that saturate or die pass no gradient back."
    " Layers without an activation are together no more than one linear layer.",
    signs=(),
    cures={"keras": 'activation="relu"', "torch": "nn.ReLU()", "": 'activation="relu"'},
    changes=(RELU, LEAKY, TANH),
)
