"""What a watch says of losses."""

import math

import pytest

from unstuck.watching.losses import BINS, Watch

NOTHING = math.log(10)
LOSSES = {
    "learning": [2.3, 1.5, 0.9, 0.4],
    "stuck": [2.31, 2.30, 2.31, 2.30],
    "slow": [900.0, 300.0, 60.0, 9.0],
    "dying": [2.3, 0.8, 0.5, *[2.3] * 20],
    "diverged": [2.3, 4.0, math.nan, math.nan],
    "unknown": [2.3],
}


@pytest.mark.parametrize("state", LOSSES)
def test_states(state):
    watch = Watch(2.4, NOTHING)
    for loss in LOSSES[state]:
        watch.loss(loss)
    assert watch.state == state
    assert str(watch).startswith(state)


@pytest.mark.parametrize(
    ("losses", "state"),
    [
        ([2.60, 2.55, 2.45, 2.40, 2.37], "slow"),  # still above knowing nothing, and falling
        ([900.0, 5.0, 2.31, 2.30, 2.30], "stuck"),  # fell to knowing nothing, and stays there
        ([14.6, 14.55, 14.5, 14.5, 14.5], "stuck"),  # the staircase of a clipped loss
    ],
)
def test_a_loss_that_falls_is_slow_not_stuck(losses, state):
    watch = Watch(None, NOTHING)
    for loss in losses:
        watch.loss(loss)
    assert watch.state == state


@pytest.mark.parametrize(
    ("losses", "state"),
    [
        ([2e9, 7e9, 4e10, 1e28], "diverged"),  # no number is not finite, and none comes back
        ([0.1, -3.0, -40.0, -900.0], "learning"),  # a likelihood has no bound below
        ([2.3, 900.0, 4.0, 0.5], "learning"),  # what comes back
    ],
)
def test_a_loss_that_blows_up(losses, state):
    watch = Watch(least=64)
    for loss in losses:
        watch.loss(loss)
    assert watch.state == state
    assert str(watch).startswith(f"{state}: loss")


def test_a_few_steps_tell_nothing_bad():
    watch = Watch(2.35, NOTHING, least=64)
    for i in range(63):
        watch.loss(2.35 - 0.001 * i)
    assert watch.state == "unknown"
    assert str(watch).startswith("unknown: loss 2.35 →")
    watch.loss(2.29)
    assert watch.state == "stuck"


def test_without_the_loss_of_knowing_nothing():
    stuck, learning = Watch(), Watch()
    for i in range(10):
        stuck.loss(5.0 - 1e-4 * i)
        learning.loss(5.0 - 0.1 * i)
    assert (stuck.state, learning.state) == ("stuck", "learning")


def test_memory_is_bounded_and_nothing_is_lost():
    watch, n = Watch(), 100_000
    for i in range(n):
        watch.loss(1 - i / n)
    assert len(watch.bins) < BINS
    assert watch.count == n
    assert watch.last == pytest.approx(0.05, abs=0.01)
    assert watch.state == "learning"


def test_trouble_is_noticed_as_it_comes():
    told = []
    watch = Watch(2.4, NOTHING, lambda seen: told.append((seen.count, seen.state)))
    for loss in [2.3] * 20 + [math.inf, math.nan]:
        watch.loss(loss)
    assert told == [(8, "stuck"), (16, "stuck"), (21, "diverged")]
