"""Answers asked for in two ways: what is proven of the difference, and what is not."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from unstuck.judging.answers import FEWEST, SURE, Learnt, compared

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 4))
SIDE = (X[:, 0] > 0).astype(int)
HELD = RNG.normal(size=(100, 4))
HELD_SIDE = (HELD[:, 0] > 0).astype(int)


def classifier(x):
    """A perfect network for `SIDE`: scores of its two classes."""
    return np.stack([-x[:, 0], x[:, 0]], axis=1)


def asked_of(x, y=HELD_SIDE, learnt=None, answer=classifier, tried=1):
    learnt = learnt or Learnt(X, SIDE)
    return [
        compared(learnt, answer(learnt.x), y, answer(x), answer(changed), tried)
        for changed in learnt.matched(x)
    ]


# Inputs as they are asked about, and whether that is unlike the training's.
UNLIKE = {
    "never standardized": (HELD * 7 + 100, True),
    "each feature in its own units": (HELD * [1, 9, 0.1, 50] + [30, 0, 0, -4], True),
    "scaled twice": (HELD / 255, True),
    "as they were learnt": (HELD, False),
    "a bit brighter": (HELD * 1.2 + 0.3, False),
    "other features": (np.ones((100, 5)), False),
}


@pytest.mark.parametrize(("x", "unlike"), UNLIKE.values(), ids=UNLIKE)
def test_what_is_unlike_the_training_inputs(x, unlike):
    assert Learnt(X, SIDE).is_unlike(x) == unlike


@given(
    st.lists(st.floats(0.1, 100), min_size=4, max_size=4),
    st.lists(st.floats(-100, 100), min_size=4, max_size=4),
)
def test_any_scale_and_offset_of_features_is_undone(scale, offset):
    learnt = Learnt(X, SIDE)
    _, apart = learnt.matched(X * scale + offset)
    np.testing.assert_allclose(apart, X, atol=1e-9)


def test_a_forgotten_scaler_is_proven():
    whole, apart = asked_of(HELD * [1, 9, 0.1, 50] + [30, 0, 0, -4])
    assert apart.is_proven
    assert apart.measure == "accuracy"
    assert apart.value == pytest.approx(np.mean(HELD_SIDE))  # feature 0 is above 0 throughout
    assert apart.mended > 0.9
    assert apart.trained == 1
    assert apart.better - apart.worse == round(100 * (apart.mended - apart.value))
    assert not whole.better > apart.better


def test_p_is_that_of_the_sign_test():
    answers = np.repeat([[0, 1], [1, 0]], 50, axis=0)  # class 1 for half of them
    changed = np.repeat([[0, 1]], 100, axis=0)
    seen = compared(Learnt(X, SIDE), classifier(X), np.ones(100, int), answers, changed, tried=2)
    expected = 2 * stats.binomtest(50, 50, alternative="greater").pvalue
    assert (seen.better, seen.worse) == (50, 0)
    assert seen.p == pytest.approx(expected)


def test_answers_as_good_as_they_can_be_are_no_fault():
    assert not any(seen.is_proven for seen in asked_of(HELD))


def test_a_change_that_does_not_matter_is_proven_once_in_a_thousand_at_most():
    """Answers at random before and after: false words stay below the rate that is promised."""
    rng, learnt = np.random.default_rng(1), Learnt(X, SIDE)
    proven = sum(
        compared(learnt, classifier(X), HELD_SIDE, *rng.normal(size=(2, 100, 2))).p < SURE
        for _ in range(2000)
    )
    assert proven <= 6  # 2 expected; more than 6 once in 200 draws of other seeds


def test_numbers_are_compared_in_the_units_that_were_learnt():
    """A network that learnt standardized targets, asked about raw inputs, against raw targets."""
    learnt = Learnt(X, X[:, 0])
    raw = 50 + 7 * HELD[:, 0]
    _, apart = asked_of(HELD * 30 + 100, raw, learnt, lambda x: x[:, :1])
    assert apart.measure == "R²"
    assert apart.value < 0 < 0.95 < apart.mended
    assert apart.is_proven


@pytest.mark.parametrize("part", [slice(0, 40), slice(180, 200), slice(0, 200, 2)])
def test_a_part_of_the_same_examples_is_in_the_same_units(part):
    """Sorted examples, of which a loop asks for some, answered as well as they can be."""
    line = np.linspace(-3, 3, 200)[:, None]
    learnt = Learnt(line, 5 * line[:, 0])
    for seen in asked_of(line[part], 5 * line[part, 0], learnt, lambda x: 5 * x):
        assert seen.value > 0.99
        assert not seen.is_proven


COLUMN = (HELD[:, 0] > 0).astype(float)[:, None]
SCORES = {
    "logits": lambda x: x[:, :1],
    "probabilities": lambda x: 1 / (1 + np.exp(-x[:, 0])),
    "classes": lambda x: (x[:, 0] > 0).astype(int),
}


@pytest.mark.parametrize("answer", SCORES.values(), ids=SCORES)
def test_single_scores(answer):
    learnt = Learnt(X, SIDE.astype(float)[:, None])
    _, apart = asked_of(HELD * 5 + 40, COLUMN, learnt, answer)
    assert apart.is_proven
    assert apart.trained == 1


def test_words_and_one_hot_rows_are_classes():
    words = np.array(["no", "yes"])
    learnt = Learnt(X, words[SIDE])
    _, apart = asked_of(
        HELD * 5 + 40, words[HELD_SIDE], learnt, lambda x: words[(x[:, 0] > 0).astype(int)]
    )
    assert apart.is_proven
    hot = Learnt(X, np.eye(2)[SIDE])
    _, apart = asked_of(HELD * 5 + 40, np.eye(2)[HELD_SIDE], hot)
    assert apart.is_proven


# Arrays that may lie beside the inputs, and whether they can be targets.
BESIDE = {
    "classes": (HELD_SIDE, True),
    "one class alone": (np.zeros(100, int), False),
    "classes that were never learnt": (HELD_SIDE + 7, False),
    "row numbers": (np.arange(100), False),
    "other inputs": (HELD, False),
}


@pytest.mark.parametrize(("y", "may_be"), BESIDE.values(), ids=BESIDE)
def test_targets_among_arrays_beside_the_inputs(y, may_be):
    assert Learnt(X, SIDE).are_targets(y, classifier(HELD)) == may_be


def test_numbers_are_targets_where_answers_go_with_them():
    learnt, answers = Learnt(X, X[:, 0]), HELD[:, :1]
    assert learnt.are_targets(HELD[:, 0] * 20 + 3, answers)
    assert not learnt.are_targets(HELD[:, 1], answers)
    assert not learnt.are_targets(HELD[: FEWEST - 1, 0], answers[: FEWEST - 1])
