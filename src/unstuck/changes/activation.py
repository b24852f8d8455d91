"""Another activation of the hidden layers."""

from unstuck.changes.change import Change, Part

RELU = Change("activation-relu", "ReLU hidden units", Part.ACTIVATION, "relu")
LEAKY = Change("activation-leaky-relu", "leaky ReLU hidden units", Part.ACTIVATION, "leaky_relu")
TANH = Change("activation-tanh", "tanh hidden units", Part.ACTIVATION, "tanh")
