"""What is unusual about the inputs themselves. No harm by itself."""

from unstuck.symptoms.symptom import Evidence, Symptom, above, below

SIZE_LARGE = Symptom(
    "inputs-large",
    "input_size",
    "inputs of a size about 1, at most 5",
    "LeCun et al. 1998, §4.3 and 4.6: initialisations presume inputs of variance 1; five standard"
    " deviations",
    above("input_size", 5.0),
)

SIZE_SMALL = Symptom(
    "inputs-small",
    "input_size",
    "inputs of a size about 1, at least 0.02",
    "as for large ones; pixels / 1000 (size 0.09) still train as well as / 255: docs/cases.md",
    below("input_size", 0.02),
)

OFFSET = Symptom(
    "inputs-off-centre",
    "input_offset",
    "features whose mean is within 3 of their standard deviations of 0",
    "LeCun et al. 1998, §4.3: the mean adds an eigenvalue of its square; [0, 1] images have"
    " offsets of 0.3 to 1.5, and learn",
    above("input_offset", 3.0),
)

SCALES = Symptom(
    "features-on-different-scales",
    "feature_scale_ratio",
    "features' scales within a factor of 100 of the typical one",
    "LeCun et al. 1998, §5: the condition number grows with its square, to 10⁴",
    above("feature_scale_ratio", 100.0),
)

OUTLIERS = Symptom(
    "outliers",
    "outlier_ratio",
    "values within 20 times the 99th percentile of their feature",
    "a normal feature has 1.4, a log-normal one 4, a Student's t with 2 degrees of freedom about"
    " 10 in 2,048 draws",
    above("outlier_ratio", 20.0),
)

NON_FINITE = Symptom(
    "non-finite-data",
    "non_finite",
    "no NaN and no infinite value",
    "arithmetic: one of them makes every weight NaN",
    lambda e: next(
        (
            (int(count), place)
            for place in ("inputs", "targets", "validation")
            if (count := e.numbers("non_finite").get(place, 0)) > 0
        ),
        None,
    ),
    harm=True,
)

CONSTANT = Symptom(
    "constant-inputs",
    "distinct_examples",
    "examples that differ",
    "a function of a constant is a constant",
    lambda e: (
        (1, "") if e.number("distinct_examples") == 1 and len(e.look.sample.x[0]) > 1 else None
    ),
    harm=True,
)


def _shift(evidence: Evidence) -> tuple[float, str] | None:
    ratio = evidence.number("validation_spread_ratio")
    shift = evidence.number("validation_shift")
    if ratio is not None and not 1 / 3 <= ratio <= 3.0:
        return ratio, "spread"
    return (shift, "mean") if shift is not None and shift > 2.0 else None


SPLIT_SHIFT = Symptom(
    "splits-on-different-scales",
    "validation_spread_ratio",
    "validation inputs that spread as the training inputs do, within a factor of 3, with means"
    " within 2 standard deviations",
    "a single group, class or season seldom differs by more than one standard deviation"
    " (Cohen 1988: 0.8 is a large effect); a forgotten scaler by factors",
    _shift,
)

UNSEEN_CLASSES = Symptom(
    "classes-never-seen",
    "unseen_classes",
    "at most 5 % of validation examples of classes that no training example has",
    "arithmetic: each of them is answered wrong; a class so rare that a random split leaves it out"
    " of training makes up less",
    above("unseen_classes", 0.05),
    harm=True,
)
