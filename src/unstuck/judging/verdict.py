"""What an experiment says of a claim: an enumeration whose members say what to do next."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from unstuck.records.states import Said

if TYPE_CHECKING:
    from unstuck.judging.statistics import Effect


class Verdict(Said):
    """The outcome of a claim put to an experiment."""

    SUPPORTED = (
        "supported",
        "The whole interval lies on the side that the claim predicts. Build on it, within the "
        "settings that were tested.",
    )
    REFUTED = (
        "refuted",
        "The whole interval lies on the side that the claim rules out. Drop the explanation, "
        "and look for another cause.",
    )
    CONDITIONAL = (
        "conditional",
        "The claim holds under some of the settings that were tested and fails under others. "
        "State the condition along with it: the arms show where it turns.",
    )
    INCONCLUSIVE = (
        "inconclusive",
        "The interval reaches to both sides of what the claim predicts. Run more seeds to "
        "narrow it; if it stays, the difference is too small to matter here.",
    )


def judge(effect: "Effect", margin: float = 0.0) -> Verdict:
    """The verdict on a claim that predicts a difference above `margin`.

    Args:
        effect: a paired effect with its interval.
        margin: smallest difference that counts, in the effect's units. Default 0.

    Returns:
        SUPPORTED when the whole interval lies above the margin, REFUTED when all of it lies
        below, INCONCLUSIVE when it touches the margin or a bound is not known.
    """
    if effect.low > margin:
        return Verdict.SUPPORTED
    if effect.high < margin:
        return Verdict.REFUTED
    return Verdict.INCONCLUSIVE


def judge_same(effect: "Effect", margin: float) -> Verdict:
    """The verdict on a claim that predicts a difference of less than `margin` either way.

    SUPPORTED when the whole interval lies within ±margin (Schuirmann's two one-sided tests,
    1987, as an interval), REFUTED when all of it lies beyond one side, else INCONCLUSIVE.
    """
    if -margin < effect.low and effect.high < margin:
        return Verdict.SUPPORTED
    if effect.low > margin or effect.high < -margin:
        return Verdict.REFUTED
    return Verdict.INCONCLUSIVE


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """One verdict from those of several settings or parts of a claim.

    All alike give that one. Both a SUPPORTED and a REFUTED give CONDITIONAL, and so does a
    CONDITIONAL, which already says both. All else, and none at all, is INCONCLUSIVE.
    """
    seen = set(verdicts)
    if len(seen) == 1:
        return seen.pop()
    if Verdict.CONDITIONAL in seen or {Verdict.SUPPORTED, Verdict.REFUTED} <= seen:
        return Verdict.CONDITIONAL
    return Verdict.INCONCLUSIVE
