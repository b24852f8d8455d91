"""A verified fix, as a pure record."""

from dataclasses import dataclass

from unstuck.records.effect import Effect


@dataclass(frozen=True)
class Level:
    """A measure over seeds.

    Args:
        value: mean.
        low, high: Student's 95 % interval; NaN for fewer than two seeds.
        n: seeds.
    """

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Fix:
    """A cure, and what it was seen to do on seeds never used in choosing it.

    Args:
        causes: that it takes away.
        change: in words.
        why: in two sentences.
        code: a short snippet that runs as printed where your own `model`, `x` and `y` (and, for
            torch, `loss` and `optimizer`) exist.
        before, after: the measure without and with it.
        effect: mean gain; None without a pair.
        measure: as in the proof.
        verified: whether the gain counts, by the test that proves causes, in at least five fresh
            pairs.
    """

    causes: tuple[str, ...]
    change: str
    why: str
    code: str
    before: Level
    after: Level
    effect: Effect | None
    measure: str
    verified: bool
