"""How much of an adaptive optimizer's denominator is its ε."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def share(look: Look) -> Measured:
    """Share of trained weights with a gradient that is not 0 but, in size, below ε: for them the
    step is lr·g/ε and no longer independent of the gradient's size.

    Source: Kingma & Ba 2015, §2.1; Choi et al. 2019, "On empirical comparisons of optimizers",
    where ε decides between Adam and SGD with momentum.
    """
    rule = look.about.rule
    if rule is None or not rule.epsilon:
        return None
    below = total = 0
    for p in look.seen.parameters:
        if p.gradient is not None and p.held:
            size = np.abs(p.gradient)
            total += int(np.count_nonzero(size))
            below += int(np.count_nonzero((size > 0) & (size < rule.epsilon)))
    return below / total if total else None


def stored(look: Look) -> Measured:
    """An adaptive optimizer's ε in the precision of the weights: with 16 bits 10⁻⁸ is 0.

    Source: IEEE 754-2019, binary16: the smallest number above 0 is 2⁻²⁴ = 6·10⁻⁸.
    """
    rule = look.about.rule
    return None if rule is None else rule.epsilon


PROBES = (Probe("below_epsilon", "share", share), Probe("epsilon", "number", stored))
