"""What a guard saw of a set-up."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guarded:
    """One guard, decided by paired trials.

    Args:
        guard: "learns", "fits" or "no_worse_than".
        steps: of each trial.
        rows: "held-out", "fitted and cross-validated" or "training": the examples that decide.
        measure: what values are told in.
        trivial: the measure of the best constant answer.
        values: of the set-up as it is, one a seed, in the order of trying.
        against: what it was held against, in words; "" for nothing.
        others: of that, on the same seeds.
        wrong: seeds on which it fell short.
        decided: whether the test came to an end, one way or the other.
        failed: whether it says that the set-up falls short.
        sound: share of seeds on which a set-up may fall short and is called sound.
        alpha, beta: the test's errors: chances, at most, of failing what is sound, and of passing
            what falls short on nearly every seed.
        learnable: whether anything was seen to do better than the best constant answer.
    """

    guard: str
    steps: int
    rows: str
    measure: str
    trivial: float
    values: tuple[float, ...]
    against: str
    others: tuple[float, ...]
    wrong: int
    decided: bool
    failed: bool
    sound: float
    alpha: float
    beta: float
    learnable: bool = True
