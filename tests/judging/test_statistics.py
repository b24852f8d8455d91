"""Intervals against plain formulas, counted coverage, and what must not change them."""

import math
from dataclasses import astuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unstuck.errors import UsageError
from unstuck.judging.statistics import mean_effect, paired_effect, predict, share, summarize

# Quarters: sums and differences of these are exact, and so are ties.
QUARTERS = st.lists(st.integers(-400, 400).map(lambda i: i / 4), min_size=2, max_size=30)
WILSON_99 = 2.5758293035489004  # standard normal quantile of 0.995


def order_statistics(n, confidence):
    """Ranks (from 0) of the exact median interval, by adding up binomial coefficients."""
    rank, tail = -1, 0.0
    while 2 * (tail + math.comb(n, rank + 1) / 2**n) <= 1 - confidence:
        rank += 1
        tail += math.comb(n, rank) / 2**n
    return rank, n - 1 - rank


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("n", [1, 2, 5, 6, 7, 8, 12, 20, 21, 50])
def test_median_interval_is_of_order_statistics(n, confidence):
    x = np.random.default_rng(n).normal(size=n)
    low, high = order_statistics(n, confidence)
    found = summarize(x, confidence)
    assert (found.n, found.median, found.confidence) == (n, np.median(x), confidence)
    if low < 0:
        assert (found.low, found.high) == (-math.inf, math.inf)
    else:
        assert (found.low, found.high) == (np.sort(x)[low], np.sort(x)[high])


def test_median_interval_covers_as_often_as_it_says():
    """Exponential, so that mean and median part. Tolerance: three standard errors of a count."""
    rng = np.random.default_rng(1)
    hits = 0
    for x in rng.exponential(size=(1_000, 12)):
        found = summarize(x, 0.95)
        hits += found.low <= math.log(2) <= found.high
    assert hits / 1_000 == pytest.approx(0.9614, abs=0.019)  # the exact level for n = 12


def test_prediction_interval_is_the_textbook_formula():
    x = np.array([0.499, 0.503, 0.495, 0.501])
    half = 5.840909309733357 * x.std(ddof=1) * math.sqrt(1 + 1 / 4)  # t(3), 0.995, tabulated
    found = predict(x, 0.99)
    assert found.low == pytest.approx(x.mean() - half)
    assert found.high == pytest.approx(x.mean() + half)
    assert found.median == np.median(x)


def test_prediction_interval_covers_one_more_run():
    rng = np.random.default_rng(2)
    hits = 0
    for x in rng.normal(3.0, 0.1, size=(2_000, 6)):
        found = predict(x[:5], 0.9)
        hits += found.low <= x[5] <= found.high
    assert hits / 2_000 == pytest.approx(0.9, abs=0.02)  # three standard errors


@pytest.mark.parametrize("values", [[0.5], [0.5, math.nan], [0.5, math.inf, 0.4]])
def test_prediction_knows_nothing_of_one_value_or_infinite_ones(values):
    assert (predict(values).low, predict(values).high) == (-math.inf, math.inf)


@pytest.mark.parametrize("interval", [summarize, predict])
@given(
    x=QUARTERS,
    scale=st.sampled_from([0.5, 1.0, 4.0]),
    shift=st.integers(-8, 8),
)
def test_intervals_move_with_the_units(interval, x, scale, shift):
    x = np.array(x)
    one, other = interval(x), interval(x * scale + shift)
    for name in ("median", "low", "high"):
        expected = getattr(one, name) * scale + shift
        assert getattr(other, name) == pytest.approx(expected, rel=1e-9, abs=1e-9)


@given(x=QUARTERS)
def test_intervals_mirror(x):
    one, other = summarize(x), summarize(np.negative(x))
    assert (other.median, other.low, other.high) == (-one.median, -one.high, -one.low)


def test_a_diverged_run_counts_as_the_worst():
    losses, accuracies = [0.3, math.nan, 0.5], [0.9, math.nan, 0.8]
    assert summarize(losses).median == 0.5
    assert summarize(accuracies, worst=0.0).median == 0.8
    low = summarize([math.nan] * 3 + [1.0] * 17)
    assert low.median == 1.0
    assert low.high == 1.0  # three of twenty do not reach the upper rank


@pytest.mark.parametrize("function", [summarize, predict])
def test_no_values(function):
    with pytest.raises(UsageError, match="at least one"):
        function([])


def wilson(k, n, z=WILSON_99):
    middle = (k + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(k * (n - k) / n + z * z / 4)
    return middle - half, middle + half


@pytest.mark.parametrize(("k", "n"), [(0, 8), (3, 8), (8, 8), (17, 20), (1, 1)])
def test_share_is_wilsons(k, n):
    found = share(k, n)
    assert (found.k, found.n, found.share) == (k, n, k / n)
    assert (found.low, found.high) == pytest.approx(wilson(k, n), abs=1e-12)


@pytest.mark.parametrize(("k", "n"), [(-1, 3), (4, 3), (0, 0)])
def test_no_share(k, n):
    with pytest.raises(UsageError):
        share(k, n)


def test_paired_effect_by_hand():
    a = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0])
    b = a + np.array([0.0, 0.5, -0.25, 1.0, 0.75, 0.25, 1.5, 2.0])
    found = paired_effect(a, b)
    assert (found.n, found.difference) == (8, 0.625)
    assert (found.low, found.high) == (-0.25, 2.0)  # n = 8, 99 %: smallest and largest
    assert found.better == 6.5 / 8
    assert found.better_low == pytest.approx(wilson(6, 8)[0])
    assert found.better_high == pytest.approx(wilson(7, 8)[1])


def test_pairing_takes_away_what_seeds_share():
    rng = np.random.default_rng(3)
    seeds = rng.normal(0, 10.0, size=12)
    found = paired_effect(seeds, seeds + 0.1 + rng.normal(0, 0.01, size=12))
    assert 0.07 < found.low < found.high < 0.13
    assert found.better == 1.0


@given(st.lists(st.tuples(*[st.integers(-9, 9).map(float)] * 2), min_size=1, max_size=20))
def test_exchanging_the_arms_mirrors_the_effect(pairs):
    a, b = zip(*pairs, strict=True)
    one, other = paired_effect(a, b), paired_effect(b, a)
    assert (other.difference, other.low, other.high) == (-one.difference, -one.high, -one.low)
    mirrored = (1 - one.better, 1 - one.better_high, 1 - one.better_low)
    assert (other.better, other.better_low, other.better_high) == pytest.approx(mirrored)


def test_diverged_pairs():
    nan = math.nan
    found = paired_effect([1.0, nan, nan], [nan, nan, 2.0])
    assert (found.difference, found.better) == (0.0, 0.5)  # +∞, equal, −∞
    assert not any(math.isnan(value) for value in astuple(found))


def test_unequal_pairs():
    with pytest.raises(UsageError, match="2 values paired with 3"):
        paired_effect([1.0, 2.0], [1.0, 2.0, 3.0])


def test_mean_effect_is_students_interval():
    a, b = np.zeros(4), np.array([1.0, 0.0, 1.0, 1.0])
    half = 5.840909309733357 * b.std(ddof=1) / math.sqrt(4)  # t(3), 0.995, tabulated
    found = mean_effect(a, b)
    assert (found.difference, found.better) == (0.75, 3.5 / 4)
    assert (found.low, found.high) == pytest.approx((0.75 - half, 0.75 + half))


def test_mean_effect_of_equal_differences_is_as_sure_as_their_number():
    found = mean_effect([0.0] * 10, [1.0] * 10)
    unseen = 1 - 0.005 ** (1 / 10)  # Clopper-Pearson's upper bound for 0 of 10
    assert (found.low, found.high) == pytest.approx((1 - unseen, 1 + unseen))
    assert mean_effect([0.0], [1.0]).low == -math.inf
