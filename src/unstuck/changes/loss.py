"""Another loss: one that takes logits, or one that belongs to the task.

A loss of the task replaces output activation and loss together: squared error on an output
without activation for numbers, cross-entropy for classes: from logits, or, in Keras where the loss
took numbers, from probabilities, as programs go on reading the output.
"""

from unstuck.changes.change import Change, Part

LOGITS = Change("loss-from-logits", "the loss computed from logits", Part.LOSS, "logits")
SIGN = Change(
    "loss-sign",
    "the loss with its other sign",
    Part.SIGN,
    -1,
    excludes=frozenset({Part.LOSS}),
)
SQUARED = Change(
    "loss-squared",
    "squared error on an output without activation",
    Part.LOSS,
    "mse",
    excludes=frozenset({Part.OUTPUT}),
)
CROSSENTROPY = Change(
    "loss-crossentropy",
    "cross-entropy in place of the loss",
    Part.LOSS,
    "crossentropy",
    excludes=frozenset({Part.OUTPUT}),
)
