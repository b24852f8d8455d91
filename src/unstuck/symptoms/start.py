"""Harms that show before the first step: where the network stands at the start."""

from math import isfinite, isnan, log

from unstuck.symptoms.symptom import Evidence, Symptom, above, below

WEIGHTS = Symptom(
    "non-finite-weights",
    "non_finite",
    "no NaN and no infinite weight",
    "arithmetic: one of them makes the output NaN, and after a step all of them",
    lambda e: (
        (int(count), "parameters")
        if (count := e.numbers("non_finite").get("parameters", 0)) > 0
        else None
    ),
    harm=True,
)

STATISTICS = Symptom(
    "non-finite-statistics",
    "non_finite",
    "moving means that are finite, variances of at least 0, and a momentum that is a number",
    "arithmetic: a root of what is below 0, or of NaN, makes the output NaN in evaluation",
    lambda e: (
        (int(count), "moving statistics")
        if (count := e.numbers("non_finite").get("statistics", 0)) > 0
        else None
    ),
    harm=True,
)


def _loss_is_no_number(evidence: Evidence) -> tuple[int | str, str] | None:
    """Where nothing else is NaN or infinite that could have made it or its gradient so."""
    counts, loss = evidence.numbers("non_finite"), evidence.look.seen.loss
    if any(counts.get(k, 0) for k in ("inputs", "targets", "parameters", "statistics")):
        return None
    lost = not isfinite(loss) or counts.get("gradients", 0)
    if lost and (count := counts.get("output", 0)):
        return int(count), "output"
    if not isfinite(loss):
        return ("NaN" if isnan(loss) else f"{loss:g}"), "loss"
    return ("NaN or infinite", "gradient") if counts.get("gradients", 0) else None


LOSS = Symptom(
    "non-finite-loss",
    "non_finite",
    "an output, a loss and a gradient that are finite where data and weights are",
    "arithmetic: what is NaN has no gradient",
    _loss_is_no_number,
    harm=True,
)

REWARDS_ERRORS = Symptom(
    "loss-rewards-errors",
    "error_alignment",
    "a gradient that points from the targets to the outputs",
    "arithmetic: against a gradient that points the other way, each step takes outputs further from"
    " their targets; −0.9 is beyond what a loss with margins, quantiles or weights shows, which"
    " agrees in sign example by example",
    below("error_alignment", -0.9),
    harm=True,
)

FROZEN_EXAMPLES = Symptom(
    "frozen-examples",
    "frozen_examples",
    "below 5 % of examples wrong and without any gradient",
    "an example whose loss has gradient 0 is not learnt; of 27 set-ups above one in twenty none"
    " learned (benchmarks/predictions.py)",
    above("frozen_examples", 0.05),
    harm=True,
)


def _loss(evidence: Evidence) -> tuple[float, str] | None:
    value = evidence.number("loss_at_start")
    classes = evidence.look.task in ("classification", "binary")
    return (value, "") if classes and value is not None and value > 3.0 else None


LOSS_AT_START = Symptom(
    "loss-at-start",
    "loss_at_start",
    "at most 3 times the loss of knowing nothing (ln K for K classes)",
    "Karpathy 2019, “A recipe for training neural networks”; Glorot’s kernels on [0, 1] or"
    " standardized inputs start at 1.4 at most (benchmarks/predictions.py)",
    _loss,
    harm=True,
)

OUTPUT_EXCESS = Symptom(
    "output-spread-at-start",
    "output_excess",
    "an output that spreads at most 10 times as far as the targets",
    "Karpathy 2019, as for classes: a loss at the start 100 times the targets' variance",
    above("output_excess", 10.0),
    harm=True,
)

SATURATED_UNITS = Symptom(
    "saturated-units",
    "saturated_units",
    "at most half of a layer's outputs at an asymptote",
    "Glorot & Bengio 2010, §3: layers that saturate at the start stall; half",
    above("saturated_units", 0.5),
    harm=True,
)

DEAD_UNITS = Symptom(
    "dead-units",
    "dead_units",
    "at most half of a layer's ReLU units dead on the sample",
    "Lu et al. 2019: about none at a usual start on centred inputs; half",
    above("dead_units", 0.5),
    harm=True,
)


def _gain(evidence: Evidence) -> tuple[float, str] | None:
    gains = evidence.numbers("kernel_gain")
    if not gains:
        return None
    place, value = max(gains.items(), key=lambda item: abs(log(max(item[1], 1e-30))))
    return (value, place) if not 0.05 <= value <= 5.0 else None


KERNEL_GAIN = Symptom(
    "kernel-gain",
    "kernel_gain",
    "0.05 to 5; usual initialisations give 0.5 to 1.5",
    "LeCun et al. 1998 (1), He et al. 2015 (1.4), Glorot & Bengio 2010 (≤ 1.4): over three times"
    " more, or ten times less",
    _gain,
)

UNITS_ALIKE = Symptom(
    "units-alike",
    "units_alike",
    "units of a layer that differ",
    "Goodfellow et al. 2016, §8.4: symmetric units stay symmetric",
    above("units_alike", 0.99),
)

GRADIENT_VANISHES = Symptom(
    "gradient-vanishes",
    "gradient_ratio",
    "gradients of the kernels within 10⁵ of each other",
    "Hochreiter 1991; Glorot & Bengio 2010, fig. 7: within 10² at a usual start",
    below("gradient_ratio", 1e-5),
    harm=True,
)

NO_GRADIENT = Symptom(
    "no-gradient",
    "silent_parameters",
    "below 90 % of the trainable weights without any gradient",
    "a weight whose gradient is 0 on the whole sample does not move",
    above("silent_parameters", 0.9),
    harm=True,
)
