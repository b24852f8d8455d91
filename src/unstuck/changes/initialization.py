"""Weights drawn by another rule.

LSUV scales He's draw layer by layer until pre-activations have variance 1 on a batch (Mishkin &
Matas 2016).
"""

from unstuck.changes.change import Change, Part

GLOROT = Change("initial-glorot", "kernels by Glorot's rule, biases 0", Part.START, "glorot")
HE = Change("initial-he", "kernels by He's rule, biases 0", Part.START, "he")
LSUV = Change("initial-lsuv", "kernels scaled to pre-activations of variance 1", Part.START, "lsuv")
