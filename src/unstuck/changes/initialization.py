"""Weights drawn by another rule."""

from unstuck.changes.change import Intervention
from unstuck.setups.settings import Settings

GLOROT = Intervention(
    "initial-glorot", "kernels by Glorot's rule, biases 0", settings=Settings(initial="glorot")
)
HE = Intervention("initial-he", "kernels by He's rule, biases 0", settings=Settings(initial="he"))
LSUV = Intervention(
    "initial-lsuv",
    "kernels scaled to pre-activations of variance 1",
    settings=Settings(initial="lsuv"),
)
