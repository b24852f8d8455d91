"""What a script's loop does around a step, as it was seen, so that every trial does it too."""

from dataclasses import dataclass
from enum import Enum


class Zeroing(Enum):
    """When gradients are set to zero."""

    STEP = "each step"
    NEVER = "never"
    EPOCH = "each epoch"
    BEFORE_STEP = "between the backward pass and the step"
    NO_BACKWARD = "never, as there is no backward pass"
    CUT_OFF = "never, as what is differentiated is made anew of the loss"

    @property
    def unmoved(self) -> bool:
        """Whether steps find no gradients, so that nothing changes."""
        return self in (Zeroing.BEFORE_STEP, Zeroing.NO_BACKWARD, Zeroing.CUT_OFF)


@dataclass(frozen=True)
class Routine:
    """The routine around a step; the default is the plainest loop.

    Args:
        clip_norm: gradients are clipped to this global norm before a step; None if not.
        norm_type: of that norm.
        clip_value: gradients are clipped to ± this; None if not.
        zeroing: when gradients are set to zero.
        accumulation: backward passes a step.
        rates: (step, factor) from which step on the learning rate is how many times
            `reference`; () for a constant rate. Steps count from 0; factors hold until the next
            entry, the last for good.
        reference: the learning rate that a factor of 1 stands for: the first step's, or the
            highest where the rate warms up to it; 0 if not known.
        scaled: the factor by which losses are multiplied before `backward` (a GradScaler's);
            1 if none.
        autocast: dtype of mixed precision, "" for none.
        evaluating: whether the model is in evaluation mode while it trains.
        steps: that the script's training took; 0 if not known.
        epochs: of it; 0 if not known.
        weights: of classes, by class id, that its sampler or `class_weight` gives; () for none.
        unseen: what is done around a step but cannot be replayed, in words.
    """

    clip_norm: float | None = None
    norm_type: float = 2.0
    clip_value: float | None = None
    zeroing: Zeroing = Zeroing.STEP
    accumulation: int = 1
    rates: tuple[tuple[int, float], ...] = ()
    reference: float = 0.0
    scaled: float = 1.0
    autocast: str = ""
    evaluating: bool = False
    steps: int = 0
    epochs: int = 0
    weights: tuple[float, ...] = ()
    unseen: tuple[str, ...] = ()

    def rate(self, step: int) -> float:
        """The factor on the learning rate at a step."""
        factor = 1.0
        for begins, value in self.rates:
            if step < begins:
                break
            factor = value
        return factor


PLAIN = Routine()
