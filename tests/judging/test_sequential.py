"""The sequential test keeps its error rate however often it is looked at."""

import numpy as np
import pytest

from unstuck.judging.sequential import ALPHA, AT_LEAST, decided, evidence, still


def test_false_decisions_stay_below_alpha_though_every_pair_is_looked_at() -> None:
    """20,000 fair coins of 200 tosses each: Ville's inequality allows 5 %, and 2.5 % with two."""
    draw = np.random.default_rng(0)
    wins = np.cumsum(draw.random((20_000, 200)) < 0.5, axis=1)
    n = np.arange(1, 201)
    values = wins * np.log(1.9) + (n - wins) * np.log(0.1)
    for hypotheses in (1, 2):
        crossed = (values >= np.log(hypotheses / ALPHA)).any(axis=1).mean()
        # Three standard errors of a share of 5 % among 20,000 are 0.5 points.
        assert crossed <= ALPHA / hypotheses + 0.005


def test_no_factor_makes_a_fair_game_favourable() -> None:
    assert 0.5 * evidence(1, 0) + 0.5 * evidence(0, 1) <= 1


@pytest.mark.parametrize(("hypotheses", "pairs"), [(1, 5), (2, 6), (3, 7), (10, 9)])
def test_wins_in_a_row_that_decide(hypotheses: int, pairs: int) -> None:
    assert decided(pairs, 0, hypotheses)
    assert not decided(pairs - 1, 0, hypotheses)
    assert still(0, 0, hypotheses) == pairs
    assert still(pairs, 0, hypotheses) == 0


def test_a_loss_costs_several_wins() -> None:
    assert not decided(8, 1)
    assert decided(9, 1)
    assert still(5, 1) == 4
    assert not decided(AT_LEAST - 1, 0)
