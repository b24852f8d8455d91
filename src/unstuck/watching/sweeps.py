"""Range tests: trainings whose learning rate is swept to see where they diverge."""

from collections.abc import Sequence
from itertools import pairwise

SWEEPS = "its learning rate rises at every step, as in a range test"
SWEEP = 100.0  # a range test goes through two orders of magnitude at least (Smith 2017, § 3.3)
SURE = 8  # steps that all do the same before it is said of the loop


def is_sweep(rates: Sequence[float]) -> bool:
    """Whether rates, one a step, rise at each of them, over two orders of magnitude."""
    rises = all(a < b for a, b in pairwise(rates))
    return rises and len(rates) > SURE and 0 < SWEEP * rates[0] <= rates[-1]
