"""What is unusual about a regression's targets. No harm by itself."""

from unstuck.symptoms.symptom import Symptom, above, below

TARGETS_LARGE = Symptom(
    "targets-far",
    "target_distance",
    "targets within 10 of the output at the start",
    "an output starts with a spread about 1 (Glorot & Bengio 2010); ten of those",
    above("target_distance", 10.0),
)

TARGETS_SMALL = Symptom(
    "targets-small",
    "target_spread",
    "targets that spread over at least 0.01",
    "as for far ones: a hundredth of what an output starts with",
    below("target_spread", 0.01),
)
