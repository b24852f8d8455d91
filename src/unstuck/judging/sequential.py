"""A sequential test of paired trials that may be looked at after every pair.

Each pair is a win (the change is better by more than the margin) or not. Under the null
hypothesis P(win) ≤ ½ the product of `WIN` a win and `LOSS` a loss is a nonnegative
supermartingale, so that the chance of ever seeing it at 1/α or above is at most α, however often
it is looked at and whenever one stops: Ville 1939; Wald 1945, "Sequential tests of statistical
hypotheses", with ½ against 0.95; Ramdas et al. 2023, "Game-theoretic statistics and safe
anytime-valid inference", §2. Several hypotheses share α by Bonferroni's inequality.
"""

from math import ceil, log

WIN, LOSS = 1.9, 0.1  # likelihood ratios of P(win) = 0.95 against ½
ALPHA = 0.05  # chance of any false proof in one run of the test, over all looks and causes
AT_LEAST = 5  # pairs before anything is decided


def evidence(wins: int, losses: int) -> float:
    """How many times likelier this record is at P(win) = 0.95 than at ½: the e-value."""
    return float(WIN**wins * LOSS**losses)


def decided(wins: int, losses: int, hypotheses: float = 1, alpha: float = ALPHA) -> bool:
    """Whether P(win) ≤ ½ is rejected for one of so many hypotheses."""
    enough = wins + losses >= AT_LEAST
    return enough and evidence(wins, losses) >= hypotheses / alpha


def still(wins: int, losses: int, hypotheses: float = 1, alpha: float = ALPHA) -> int:
    """Pairs it takes to decide if all that come are wins."""
    short = log(hypotheses / alpha) - log(evidence(wins, losses))
    return max(AT_LEAST - wins - losses, ceil(max(0.0, short) / log(WIN) - 1e-9))
