"""What a script's training was seen to do."""

from dataclasses import dataclass

from unstuck.records.report import Evidence

Point = tuple[int, float]  # (step or epoch, loss)


@dataclass(frozen=True)
class Witness:
    """The losses of one training, as the script computed them.

    Args:
        unit: "step" or "epoch".
        count: losses that were seen.
        losses: (count so far, mean loss since the point before), at most 256 points.
        broken: the first loss that was not finite, from 1; 0 for none.
        steps: of the optimizer, 0 if not known.
        start: loss before the first step; NaN if not known.
        nothing: loss of the best constant answer; NaN if not known.
        meaningless: why its loss says nothing about learning (another model's output is the
            target, rewards, two optimizers in turn); "" if it does.
    """

    unit: str
    count: int
    losses: tuple[Point, ...]
    broken: int = 0
    steps: int = 0
    start: float = float("nan")
    nothing: float = float("nan")
    meaningless: str = ""


@dataclass(frozen=True)
class Sighting:
    """A fault of the training loop itself that was seen while the script ran.

    Args:
        cause: name, of `unstuck.causes`.
        evidence: what was measured and what is expected.
        says: what was seen, in a sentence with its number.
    """

    cause: str
    evidence: tuple[Evidence, ...]
    says: str
