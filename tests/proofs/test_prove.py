"""Proofs of set-ups in bare NumPy, through the public protocols: real trials in milliseconds."""

from dataclasses import replace

import numpy as np
import pytest

from proofs.numpy_setup import CLOCK, report, setup
from unstuck.diagnosis import Diagnosed
from unstuck.proofs.prove import prove
from unstuck.records.states import State, Status
from unstuck.records.training import Witness
from unstuck.setups.routine import Routine

DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(600, 4))
Y = np.sin(X[:, :1]) + 0.5 * X[:, 1:2] * X[:, 2:3] + 0.1 * DRAW.normal(size=(600, 1))


def proof(made, steps=200, budget=30.0, **rest):
    """With as many steps as a script took, as its watch would tell."""
    seen = made.with_routine(replace(made.about.routine, steps=steps))
    return prove(Diagnosed(report(), lambda n: seen), budget, clock=CLOCK, **rest).record


def names(made):
    return {part.change for part in made.repair.parts}


def test_a_healthy_one_has_nothing_wrong() -> None:
    made = proof(setup(X, Y, rate=0.1), steps=300)
    assert made.state in (State.LEARNING, State.IMPROVABLE), made.outcome
    assert made.proven == ()


@pytest.mark.parametrize(
    ("x", "y", "rate", "expected"),
    [
        (X, Y * 1e4, 0.05, "targets-standardized"),
        (X, Y, 1e-5, "optimizer-adam"),
    ],
)
def test_one_fault(x, y, rate, expected) -> None:
    made = proof(setup(x, y, rate), steps=300)
    assert made.state in (State.STUCK, State.SLOW, State.DIVERGED), made.outcome
    assert made.repair.effect.status is Status.PROVEN
    assert expected in names(made)


def test_two_faults_are_mended_together_and_each_part_is_necessary() -> None:
    made = proof(setup(X * [5e4, 30, 5, 2e3] + [0, 30, 5, 2e3], Y * 5e4), steps=300)
    assert {"features-standardized", "targets-standardized"} <= names(made), made.repair
    assert made.repair.effect.status is Status.PROVEN
    for part in made.repair.parts:
        assert part.necessary.status is Status.PROVEN


def test_noise_is_nothing_to_learn() -> None:
    made = proof(setup(X, DRAW.normal(size=(600, 1))), steps=300)
    assert made.state is State.NOTHING
    assert made.repair is None


def test_a_faint_signal_that_is_found_is_learnt() -> None:
    x = DRAW.normal(size=(2_400, 4))
    y = 0.25 * x[:, :1] + DRAW.normal(size=(2_400, 1))
    made = proof(setup(x, y, rate=0.01), steps=300)
    assert made.state in (State.LEARNING, State.IMPROVABLE), (made.outcome, made.value)


def test_four_rows_are_the_whole_function() -> None:
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    y = np.array([[0.0], [1], [1], [0]])
    made = proof(setup(x, y, rate=1e-4, batch=4), steps=200)
    assert made.rows == "training"
    assert made.state is State.STUCK
    assert made.repair is not None


def test_what_the_trials_do_not_reproduce_is_not_judged() -> None:
    seen = Witness("step", 200, ((50, 40.0), (100, 90.0), (200, 300.0)), steps=200, nothing=0.8)
    made = proof(setup(X * 1000, Y), witness=seen)
    assert made.agreement.agrees is False
    assert made.state is State.UNKNOWN
    assert made.repair is None
    assert "don't do what the script does" in made.outcome


def test_what_the_script_was_seen_to_learn_is_not_called_stuck() -> None:
    base = setup(X, Y, rate=0.002)
    quick = proof(base, steps=150)
    losses = tuple((step, loss) for step, loss in quick.trials[0].losses)
    seen = Witness("step", 150, losses, steps=150, nothing=10.0)
    made = proof(base, steps=150, witness=seen)
    assert made.agreement.agrees
    assert made.state in (State.LEARNING, State.IMPROVABLE)


def test_what_the_script_was_seen_to_lose_diverged() -> None:
    base = setup(X * 1000, Y, rate=1.0)
    seen = Witness("step", 3, (), broken=3, nothing=0.8)
    assert proof(base, witness=seen).state is State.DIVERGED


def test_few_rows_are_cross_validated() -> None:
    made = proof(setup(X[:40], Y[:40] * 1e4, batch=8), steps=300)
    assert made.rows == "fitted and cross-validated"
    assert "targets-standardized" in names(made)


def test_what_is_fitted_and_predicts_nothing_is_no_repair() -> None:
    """Targets that were shuffled apart from their inputs can be remembered, given the steps."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(150, 20)).astype(np.float32), rng.permutation(Y[:150])
    made = proof(setup(x, y, rate=1e-5, batch=8), steps=150)
    assert max(t.fit for t in made.trials) > 0.5
    assert made.state is State.NOTHING, made.outcome
    assert not made.repaired


def test_the_routine_is_part_of_the_set_up() -> None:
    made = setup(X, Y).with_routine(Routine(steps=77))
    assert (
        prove(Diagnosed(report(), lambda n: made), 6.0, clock=CLOCK).record.setup["steps"] == "77"
    )


@pytest.mark.parametrize(("steps", "expected"), [(1_000, State.SLOW), (3_000, State.UNKNOWN)])
def test_what_is_on_its_way_in_short_trials_is_not_called_stuck(steps, expected) -> None:
    """The budget holds trials of a thousand steps: all of the usual ones, or a third."""
    made = proof(setup(X, Y, rate=0.01), steps=steps)
    assert made.state is expected, made.outcome
    assert bool(made.proven) is (expected is State.SLOW)
