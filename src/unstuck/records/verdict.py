"""What trials say of a set-up and of a suspect: enumerations whose members say what to do next."""

from unstuck.judging.verdict import Said


class State(Said):
    """How a set-up trains as it stands, against knowing nothing and the best of the changes tried.

    Of the best change's skill (see `trials.yardstick`) it reaches: LEARNING at least 80 %, SLOW
    50 to 80 %, or more where taking a suspect away is proven to gain; STUCK less. These are
    definitions, and the report gives the numbers.
    """

    LEARNING = ("learning", "It learns as well as anything that was tried.")
    SLOW = ("slow", "It learns, but a change that was tried learns more in as many steps.")
    STUCK = ("stuck", "It does not learn what can be learnt from these data.")
    DIVERGED = ("diverged", "Its loss or its outputs stop being finite numbers.")
    NOTHING = (
        "nothing-to-learn",
        "Nothing to learn here: neither it, nor any change of it, nor a forest of trees predicts"
        " held-out targets better than knowing nothing. Look at how inputs and targets belong"
        " together.",
    )
    UNKNOWN = ("unknown", "The budget ended before this could be told. Give it more time.")


class Verdict(Said):
    """What trials say of one suspect."""

    PROVEN = ("proven", "Taking just this away makes it learn. Apply the fix.")
    REFUTED = ("refuted", "Taking this away gains less than counts. Look elsewhere.")
    HARMFUL = ("harmful", "Taking this away makes it worse. Leave it as it is.")
    INCONCLUSIVE = ("inconclusive", "The trials did not decide. Give it more time.")
    SUSPECTED = ("suspected", "No trial could be made of it.")
