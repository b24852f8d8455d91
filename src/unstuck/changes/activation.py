"""Another activation of the hidden layers."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

RELU = Intervention("activation-relu", "ReLU hidden units", settings=Settings(activation="relu"))
LEAKY = Intervention(
    "activation-leaky-relu",
    "leaky ReLU hidden units",
    settings=Settings(activation="leaky_relu"),
)
TANH = Intervention("activation-tanh", "tanh hidden units", settings=Settings(activation="tanh"))
