"""What is said of a set-up, a suspect and a part of a repair: enumerations whose members say what
to do next."""

import enum
from typing import Self


class Said(enum.Enum):
    """Members with a `value`, a stable slug for JSON, and a `sentence`: what it means."""

    sentence: str

    def __new__(cls, slug: str, sentence: str) -> Self:
        member = object.__new__(cls)
        member._value_ = slug
        member.sentence = sentence
        return member


class State(Said):
    """How a set-up trains as it stands, against knowing nothing and the best of what was tried.

    Of the best skill that was seen it reaches: LEARNING at least 80 %, SLOW 50 to 80 %, STUCK
    less. These are definitions, and the report gives the numbers.
    """

    LEARNING = ("learning", "It learns as well as anything that was tried.")
    IMPROVABLE = (
        "improvable",
        "It learns, but is left with at least half again the error that a repair leaves.",
    )
    SLOW = ("slow", "It learns, but something that was tried learns more in as many steps.")
    STUCK = ("stuck", "It does not learn what can be learnt from these data.")
    DIVERGED = ("diverged", "Its loss or its outputs grow beyond all bounds, or are no numbers.")
    NOTHING = (
        "nothing-to-learn",
        "Nothing to learn here: neither it, nor a plain network, nor a forest of trees, nor a"
        " linear model does better than the best constant answer. Look at how inputs and targets"
        " belong together: shuffled apart, reshaped where a transpose was meant, joined by the"
        " wrong key?",
    )
    UNKNOWN = (
        "unknown",
        "This could not be told. Give it more time, or see why it was not judged.",
    )


class Status(Said):
    """What is known of one suspect."""

    PROVEN = ("proven", "Taking just this away makes it learn. Apply the fix.")
    REFUTED = ("refuted", "Taking this away gains less than counts. Look elsewhere.")
    HARMFUL = ("harmful", "Taking this away makes it worse. Leave it as it is.")
    INCONCLUSIVE = ("inconclusive", "The trials did not decide. Give it more time.")
    SUSPECTED = ("suspected", "No trial could be made of it.")
