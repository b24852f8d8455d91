"""Wald's test keeps both errors however often it is looked at."""

import numpy as np
import pytest

from unstuck.guards.falling_short import EVENLY, RARELY, SEEDS
from unstuck.judging.probability_ratio import Decision, ProbabilityRatio


def ends(test: ProbabilityRatio, share: float, runs: int) -> list[Decision]:
    """How so many runs end, seed by seed, where it goes wrong on this share of seeds."""
    draw, found = np.random.default_rng(0), []
    for wrong in draw.random((runs, SEEDS)) < share:
        for n in range(1, SEEDS + 1):
            says = test.decision(int(wrong[:n].sum()), int((~wrong[:n]).sum()))
            if says is not Decision.OPEN:
                break
        found.append(says)
    return found


@pytest.mark.parametrize("test", [RARELY, EVENLY])
def test_both_errors_stay_below_what_is_stated(test: ProbabilityRatio) -> None:
    runs = 4_000
    false = sum(s is Decision.FAULTY for s in ends(test, test.sound, runs))
    missed = sum(s is Decision.SOUND for s in ends(test, test.faulty, runs))
    # three standard errors of the stated shares
    assert false / runs <= test.alpha + 3 * (test.alpha / runs) ** 0.5
    assert missed / runs <= test.beta + 3 * (test.beta / runs) ** 0.5


def test_no_factor_makes_a_sound_one_likely_to_fail() -> None:
    expected = RARELY.sound * RARELY.ratio(1, 0) + (1 - RARELY.sound) * RARELY.ratio(0, 1)
    assert expected == pytest.approx(1)


@pytest.mark.parametrize(("test", "in_a_row"), [(RARELY, 4), (EVENLY, 11)])
def test_seeds_in_a_row_that_decide(test: ProbabilityRatio, in_a_row: int) -> None:
    assert test.decision(in_a_row, 0) is Decision.FAULTY
    assert test.decision(in_a_row - 1, 0) is Decision.OPEN


def test_one_seed_that_goes_right_is_enough_unless_some_went_wrong() -> None:
    assert RARELY.decision(0, 1) is Decision.SOUND
    assert RARELY.decision(1, 1) is Decision.OPEN
