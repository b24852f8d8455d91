"""Which examples are held of what a model learns from and is asked about, and what follows."""

import numpy as np
import pytest

from unstuck.script.asked import LAG, MARKED, MODE, SCALES, Asked, learnt
from unstuck.setups.subject import Sample
from unstuck.watching.question import MOST, Question

N = 4 * MOST
LINE = np.linspace(-3, 3, N)[:, None]  # sorted, as a curve that is fitted is
Y = 5 * LINE[:, 0]


def answer(x):
    return 5 * x


def asked(x, y, rows=N, trains=False, got=answer, steps=7):
    seen = Asked(learnt(Sample((LINE,), Y)))
    for i in range(0, len(x), rows):
        part = x[i : i + rows]
        seen.about(Question(len(part), lambda p=part: p, lambda p=part: got(p),
                            lambda i=i: [y[i : i + rows]], answer, steps, trains))  # fmt: skip
    return seen


def test_held_are_rows_from_all_over():
    known = learnt(Sample((LINE,), Y))
    assert len(known.x) == MOST
    assert (known.x.min(), known.x.max()) == (-3, 3)


@pytest.mark.parametrize("rows", [1, 30, MOST, N])
def test_sorted_examples_as_they_were_learnt_are_no_fault(rows):
    assert asked(LINE, Y, rows).found == {}


@pytest.mark.parametrize("rows", [1, 30, MOST, N])
def test_other_units_are(rows):
    shuffled = np.random.default_rng(0).permutation(N)
    assert set(asked(40 * LINE[shuffled] + 100, Y[shuffled], rows).found) == {SCALES}


def noisy(x):
    return answer(x) + np.random.default_rng(len(x)).normal(0, 20, x.shape)


def test_noise_at_evaluation_is_a_fault_unless_it_is_averaged_over():
    once = asked(LINE, Y, trains=True, got=noisy)
    assert set(once.found) == {MODE}
    again = Question(N, lambda: LINE, lambda: noisy(LINE), lambda: [Y], answer, 7, True)
    once.about(again)
    assert once.found == {}


def test_what_it_had_not_learnt_yet_is_forgotten():
    seen = asked(40 * LINE + 100, Y)
    assert seen.found
    seen.about(Question(N, lambda: LINE, lambda: answer(LINE), lambda: [Y], answer, 8))
    assert seen.found == {}


SHUFFLED = np.random.default_rng(0).permutation(N)
OTHER, ITS = 40 * LINE[SHUFFLED] + 100, Y[SHUFFLED]


@pytest.mark.parametrize("first", [True, False], ids=["before", "afterwards"])
def test_the_same_targets_with_inputs_as_they_were_learnt_are_remembered(first):
    """Who asks about both has changed the inputs on purpose; see `Line.evaluations`."""
    pairs = [(LINE[SHUFFLED], ITS), (OTHER, ITS)]
    seen = Asked(learnt(Sample((LINE,), Y)))
    for x, y in pairs if first else reversed(pairs):
        seen.about(Question(N, lambda x=x: x, lambda x=x: answer(x), lambda y=y: [y], answer, 7))
    assert seen.unlike & seen.alike
    assert not asked(OTHER, ITS).unlike & asked(LINE, Y).alike


def test_targets_are_looked_for_a_few_times_only():
    looked = 0

    def none():
        nonlocal looked
        looked += 1
        return []

    seen = Asked(learnt(Sample((LINE,), Y)))
    for step in range(100):
        part = LINE[SHUFFLED][:30]
        seen.about(Question(30, lambda p=part: p, lambda p=part: answer(p), none, answer, step))
    assert looked == MARKED


def test_statistics_that_lag_are_a_fault_where_those_of_the_examples_answer_better():
    def lagging(x):
        return 0 * x + 1

    question = Question(
        N, lambda: LINE, lambda: lagging(LINE), lambda: [Y], lagging, 7,
        renewed=lambda known, rows: (answer(known), answer(rows)),
    )  # fmt: skip
    seen = Asked(learnt(Sample((LINE,), Y)))
    seen.about(question)
    assert set(seen.found) == {LAG}
