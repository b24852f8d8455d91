"""What a trial changes in a framework's own model, loss and optimizer."""

from dataclasses import dataclass, fields
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """Changes of a set-up, all else as the user has it; the default changes nothing.

    Args:
        rate: factor on the learning rate.
        epsilon: the optimizer's ε; None leaves it.
        optimizer: replaced by Adam, rate 10⁻³, with the framework's other defaults, or by SGD,
            rate 10⁻²; None leaves it.
        logits: the output activation taken off and the loss computed from logits.
        output: "linear" takes a bounded output activation off a regression.
        initial: kernels of dense and convolution layers drawn anew by Glorot's or He's uniform
            rule and biases 0; "lsuv" scales He's draw layer by layer until pre-activations have
            variance 1 on a batch (Mishkin & Matas 2016).
        activation: of all hidden layers; None leaves it.
        normalize: a batch normalization before the first layer.
        clip: gradients to this global norm; None leaves them.
        shuffle: whether examples are drawn in a new order each epoch; None leaves it.
        unfreeze: everything is trainable and held by the optimizer.
        stream: another stream of data orders for the same seed: changes nothing but luck.
    """

    rate: float = 1.0
    epsilon: float | None = None
    optimizer: Literal["adam", "sgd"] | None = None
    logits: bool = False
    output: Literal["linear"] | None = None
    initial: Literal["glorot", "he", "lsuv"] | None = None
    activation: Literal["relu", "leaky_relu", "tanh"] | None = None
    normalize: bool = False
    clip: float | None = None
    shuffle: bool | None = None
    unfreeze: bool = False
    stream: int = 0

    def merged(self, other: "Settings") -> "Settings":
        """Both changes; the other's where both change one thing, factors multiplied."""
        values = {}
        for field in fields(self):
            mine, its = getattr(self, field.name), getattr(other, field.name)
            values[field.name] = mine if its == field.default else its
        return Settings(**values | {"rate": self.rate * other.rate})

    def changed(self) -> frozenset[str]:
        """Names of what is changed."""
        return frozenset(f.name for f in fields(self) if getattr(self, f.name) != f.default)
