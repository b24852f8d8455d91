"""Harms that show in what one step would do: uphill, too far, or next to nothing."""

from math import isfinite

import numpy as np

from unstuck.data.columns import finite
from unstuck.probes.look import Look
from unstuck.probes.sharpness import ADAPTIVE
from unstuck.probes.sums import dot
from unstuck.symptoms.symptom import Evidence, Symptom, above


def _uphill(evidence: Evidence) -> tuple[float | str, str] | None:
    """A direction is not judged where a loss is below 0: what is maximized then may be a
    likelihood."""
    look = evidence.look
    rule = look.about.rule
    if rule is None:
        return None
    if rule.impossible:
        return rule.impossible, ""
    if _lost(look):
        return "a step that is NaN, of a finite gradient", ""
    if look.seen.loss < 0:
        return None
    rate = rule.learning_rate
    if rate is not None and rate < 0:
        return f"a learning rate of {rate:g}", ""
    along = step = slope = 0.0
    for p in look.seen.parameters:
        if p.update is not None and p.gradient is not None:
            along += dot(p.update, p.gradient)
            step += dot(p.update, p.update)
            slope += dot(p.gradient, p.gradient)
    cosine = along / (step * slope) ** 0.5 if step * slope > 0 else 0.0
    return (cosine, "") if cosine > 0.5 else None


def _lost(look: Look) -> bool:
    """Whether a step makes NaN of weights and gradients that are finite.

    An ε of 0 does, and is a cause of its own; what is infinite comes of a rate that is too high.
    """
    lost = False
    for p in look.seen.parameters:
        if p.update is not None and p.gradient is not None:
            if not (finite(p.value).all() and finite(p.gradient).all()):
                return False
            lost = lost or bool(np.isnan(p.update).any())
    return lost and look.about.rule is not None and look.about.rule.epsilon != 0


UPHILL = Symptom(
    "steps-uphill",
    "step_decrease",
    "a finite learning rate above 0, settings within their ranges, and a first step that is"
    " a number and against the gradient",
    "arithmetic: averages that forget nothing (β or momentum of 1 and above), roots or weights that"
    " are pushed the wrong way (ε or weight decay below 0) and NaN end nowhere; to first order a"
    " step along the gradient raises the loss; the cosine of the angle between them is above ½,"
    " which a penalty's part in the step does not make it",
    _uphill,
    harm=True,
)


def _overshoot(evidence: Evidence) -> tuple[float | str, str] | None:
    seen, counts = evidence.look.seen, evidence.numbers("non_finite")
    lost = seen.loss_after is not None and not isfinite(seen.loss_after)
    if lost and isfinite(seen.loss) and not counts.get("gradients"):
        return f"a loss of {seen.loss_after:g} after one step", ""
    return above("step_loss_ratio", 2.0)(evidence)


OVERSHOOT = Symptom(
    "step-overshoots",
    "step_loss_ratio",
    "a first step that does not double the loss",
    "a step of gradient descent on a quadratic below the critical rate cannot raise the loss; a"
    " factor of 2 leaves room for Adam's first step: of 21 set-ups above it 19 did not learn"
    " (benchmarks/predictions.py)",
    _overshoot,
    harm=True,
)


def _above_critical(evidence: Evidence) -> tuple[float, str] | None:
    """Not judged for adaptive rules: their preconditioned sharpness starts far above the
    threshold and comes down by itself (Cohen et al. 2022, §4)."""
    rule, excess = evidence.look.about.rule, evidence.number("learning_rate_excess")
    if rule is None or rule.name in ADAPTIVE or excess is None:
        return None
    return (excess, "") if excess > 12.0 else None


ABOVE_CRITICAL = Symptom(
    "rate-above-critical",
    "learning_rate_excess",
    "at most 12 times the critical learning rate",
    "Lewkowycz et al. 2020, “The large learning rate phase”: networks of ReLU units recover from"
    " up to 12/λ, six times 2/λ; twice that is beyond rescue",
    _above_critical,
    harm=True,
)


def steps_allowed(evidence: Evidence) -> float:
    """Steps that fifty epochs give, at least 1,000, at most 20,000."""
    examples = evidence.look.sample.examples or len(evidence.look.sample.x[0])
    return min(20_000.0, max(1_000.0, 50.0 * examples / evidence.look.about.batch_size))


def _slow(evidence: Evidence) -> tuple[float, str] | None:
    decrease, left = evidence.number("step_decrease"), evidence.number("loss_at_start")
    if decrease is None or decrease < 0 or (left is not None and left < 0.5):
        return None  # a network that has learnt need not progress
    return (decrease, "") if decrease * steps_allowed(evidence) < 1.0 else None


TOO_SLOW = Symptom(
    "next-to-no-progress",
    "step_decrease",
    "a step that removes the loss's 1/n to first order, n the steps of 50 epochs (1,000 to 20,000)",
    "to first order the whole loss is not removed within them; learning slows as it goes",
    _slow,
    harm=True,
)
