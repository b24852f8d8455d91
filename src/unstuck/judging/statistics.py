"""Intervals over seeds and paired effects, by SciPy's methods.

A run that diverged has no number: callers name the value `worst` that stands in for NaN, e.g.
infinity for a loss and 0 for an accuracy. Medians and their intervals rest on ranks, so an
infinite value does no harm there.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unstuck.errors import UsageError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A median of n values, and an interval with its confidence (0..1); bounds may be ±∞."""

    n: int
    median: float
    low: float
    high: float
    confidence: float


@dataclass(frozen=True)
class Effect:
    """What changing from a to b did in n pairs.

    `difference` is the median of b − a, in the values' units, `low` and `high` its interval.
    `better` is the share of pairs in which b > a, a tie counting half: an effect size without
    units, 0.5 for no effect; `better_low` and `better_high` are its interval.
    """

    n: int
    difference: float
    low: float
    high: float
    confidence: float
    better: float
    better_low: float
    better_high: float


def _clean(values: ArrayLike, worst: float) -> Floats:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or len(x) == 0:
        raise UsageError(f"values of shape {x.shape}", "at least one value, in one row")
    return np.where(np.isnan(x), worst, x)


def _median(x: Floats) -> float:
    """The median; of two middle values −∞ and ∞ there is no mean: NaN."""
    with np.errstate(invalid="ignore"):
        return float(np.median(x))


def _median_interval(x: Floats, confidence: float) -> tuple[float, float]:
    """Exact, distribution-free interval of a median; SciPy's NaN for "too few" becomes ±∞."""
    from scipy.stats import quantile_test

    interval = quantile_test(x, q=0.0, p=0.5).confidence_interval(confidence)
    return (
        -np.inf if np.isnan(interval.low) else float(interval.low),
        np.inf if np.isnan(interval.high) else float(interval.high),
    )


def summarize(values: ArrayLike, confidence: float = 0.95, worst: float = np.inf) -> Interval:
    """Median over seeds with the exact interval in which the true median lies.

    From order statistics, whatever the distribution (Conover 1999, section 3.2). Needs n ≥ 6
    for 95 % and n ≥ 8 for 99 %; below that the bounds are infinite.

    Args:
        values: one a seed.
        confidence: 0..1. Default 0.95.
        worst: stands in for NaN. Default ∞, as for losses.

    Raises:
        UsageError: no values.
    """
    x = _clean(values, worst)
    return Interval(len(x), _median(x), *_median_interval(x, confidence), confidence)


def predict(values: ArrayLike, confidence: float = 0.99, worst: float = np.inf) -> Interval:
    """Median over seeds with the interval in which one more independent run would fall.

    mean ± t · s · √(1 + 1/n), for values that are about normal over seeds (Hahn & Meeker 1991,
    section 4.7). This is what one published figure is held against: the figure is one run.

    Args:
        values: one a seed. One value, or any that is not finite, gives infinite bounds.
        confidence: 0..1. Default 0.99.
        worst: stands in for NaN. Default ∞, as for losses.

    Raises:
        UsageError: no values.
    """
    from scipy.stats import t

    x = _clean(values, worst)
    n = len(x)
    if n < 2 or not np.isfinite(x).all():
        return Interval(n, _median(x), -np.inf, np.inf, confidence)
    half = t.ppf(0.5 + confidence / 2, n - 1) * x.std(ddof=1) * np.sqrt(1 + 1 / n)
    return Interval(n, _median(x), float(x.mean() - half), float(x.mean() + half), confidence)


def paired_effect(
    a: ArrayLike, b: ArrayLike, confidence: float = 0.99, worst: float = np.inf
) -> Effect:
    """What changing from a to b did, pair by pair (equal seeds).

    The interval of the median difference is that of `summarize`. That of `better` is Wilson's
    with ties on the unfavourable side for each of its bounds, so that it errs on being wide.

    Args:
        a, b: one value a seed, in the same order of seeds.
        confidence: 0..1. Default 0.99.
        worst: stands in for NaN. Default ∞, as for losses. Two equal infinities differ by 0.

    Raises:
        UsageError: no values, or not as many in b as in a.
    """
    difference = _differences(a, b, worst)
    return _effect(
        difference, _median(difference), _median_interval(difference, confidence), confidence
    )


def mean_effect(
    a: ArrayLike, b: ArrayLike, confidence: float = 0.99, worst: float = np.inf
) -> Effect:
    """As `paired_effect`, with the mean difference and Student's interval.

    For quantities that are 0 or 1 a seed (did it end here?): their mean difference is a
    difference of shares, while their median says nothing. Differences that are all equal have
    no spread for Student's interval; SciPy's exact interval of a share gives its width there.
    """
    from scipy.stats import binomtest, ttest_1samp

    difference = _differences(a, b, worst)
    mean, n = float(np.mean(difference)), len(difference)
    if n < 2:
        return _effect(difference, mean, (-np.inf, np.inf), confidence)
    if np.ptp(difference) == 0:
        # How many of n could have been otherwise without our having seen one (Clopper-Pearson).
        unseen = float(binomtest(0, n).proportion_ci(confidence, method="exact").high)
        return _effect(difference, mean, (mean - unseen, mean + unseen), confidence)
    interval = ttest_1samp(difference, 0.0).confidence_interval(confidence)
    return _effect(difference, mean, (float(interval.low), float(interval.high)), confidence)


def _differences(a: ArrayLike, b: ArrayLike, worst: float) -> Floats:
    before, after = _clean(a, worst), _clean(b, worst)
    if len(before) != len(after):
        raise UsageError(f"{len(before)} values paired with {len(after)}", "one for each seed")
    same = before == after
    return np.subtract(after, before, out=np.zeros(len(same)), where=~same)


def _effect(
    difference: Floats, middle: float, interval: tuple[float, float], confidence: float
) -> Effect:
    n, wins, ties = len(difference), int(np.sum(difference > 0)), int(np.sum(difference == 0))
    return Effect(
        n,
        middle,
        *interval,
        confidence,
        (wins + ties / 2) / n,
        _wilson(wins, n, confidence).low,
        _wilson(wins + ties, n, confidence).high,
    )


@dataclass(frozen=True)
class Share:
    """k of n as a share, with its interval."""

    k: int
    n: int
    share: float
    low: float
    high: float
    confidence: float


def _wilson(k: int, n: int, confidence: float) -> Any:
    from scipy.stats import binomtest

    return binomtest(k, n).proportion_ci(confidence, method="wilson")


def share(k: int, n: int, confidence: float = 0.99) -> Share:
    """The share k of n with Wilson's score interval (Wilson 1927).

    Raises:
        UsageError: n below 1, or k outside 0..n.
    """
    if not 0 <= k <= n or n < 1:
        raise UsageError(f"{k} of {n}", "0 ≤ k ≤ n, n ≥ 1")
    interval = _wilson(k, n, confidence)
    return Share(k, n, k / n, float(interval.low), float(interval.high), confidence)
