"""What one step of the optimizer would do, on a copy and on the whole sample."""

import numpy as np

from unstuck.probes.look import Look, Measured, Value
from unstuck.probes.probe import Probe
from unstuck.probes.sums import dot


def update_ratio(look: Look) -> Measured:
    """Euclidean norm of a kernel's first update over that of the kernel.

    About 10⁻³ where the learning rate suits. Source: Karpathy, CS231n notes, "Ratio of
    weights:updates".
    """
    ratios: dict[str, Value] = {}
    for p in look.seen.parameters:
        norm = np.linalg.norm(p.value)
        if p.update is not None and p.fan_in is not None and norm > 0:
            ratios[p.layer] = float(np.linalg.norm(p.update) / norm)
    return ratios


def function_change(look: Look) -> Measured:
    """Root mean square change of the output in one step, over the output's standard deviation
    before it."""
    before, after = look.seen.output, look.seen.output_after
    if after is None or not before.std():
        return None
    return float(np.sqrt(np.mean(np.square(after - before))) / before.std())


def loss_change(look: Look) -> Measured:
    """Loss after one step on the sample over the loss before: above 1 where the step overshoots."""
    after = look.seen.loss_after
    return None if after is None or not look.seen.loss else after / look.seen.loss


def decrease(look: Look) -> Measured:
    """Share of the loss that one step removes to first order, −gradient·update / loss; with
    momentum β a step is worth 1/(1 − β) of the first.

    Source: Taylor's theorem; the relative slope of the loss along the optimizer's own step.
    """
    pairs = [
        (p.gradient, p.update)
        for p in look.seen.parameters
        if p.gradient is not None and p.update is not None
    ]
    if not pairs or not look.seen.loss:
        return None
    slope = -sum(dot(g, u) for g, u in pairs)
    momentum = look.about.rule.momentum if look.about.rule else 0.0
    worth = 1.0 / (1.0 - momentum) if momentum < 1 else 1.0
    return slope * worth / abs(look.seen.loss)


PROBES = (
    Probe("update_ratio", "ratio", update_ratio),
    Probe("function_change", "standard deviations of the output", function_change),
    Probe("step_loss_ratio", "ratio", loss_change),
    Probe("step_decrease", "share of the loss", decrease),
)
