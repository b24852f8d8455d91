"""What one arm does against another, on paired seeds."""

from dataclasses import dataclass

from unstuck.records.states import Status


@dataclass(frozen=True)
class Effect:
    """What one arm does against another, seed by seed.

    Args:
        effect: mean gain in the measure's units; above 0 is better.
        low, high: its 95 % interval over seeds (Student's); NaN for one seed.
        n: seeds.
        value: the measure in the first arm, its mean over the seeds; base: in the other. Medians
            where scripts are compared.
        status: what follows.
    """

    effect: float
    low: float
    high: float
    n: int
    value: float
    base: float
    status: Status
