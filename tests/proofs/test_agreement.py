"""Trials as it is are held against what the script was seen to do."""

from types import SimpleNamespace

import numpy as np
import pytest

from unstuck.proofs.agreement import BETWEEN, agreement, of_one
from unstuck.records.training import Witness


def falling(start, end, steps=200, noise=0.0, seed=0):
    draw = np.random.default_rng(seed)
    at = np.linspace(1, steps, 20).astype(int)
    values = end + (start - end) * np.exp(-at / 50) + noise * draw.normal(size=20)
    return tuple(zip(at.tolist(), values.tolist(), strict=True))


def witness(losses, unit="step", **rest):
    return Witness(unit, len(losses), losses, start=2.3, nothing=2.3, **rest)


TRIALS = [falling(2.3, 0.3, noise=0.02, seed=s) for s in (1, 2)]


@pytest.mark.parametrize(
    ("seen", "agrees"),
    [
        (falling(2.3, 0.3, noise=0.02), True),
        (falling(2.3, 0.45), True),  # other examples of the sample
        (falling(2.3, 2.3), False),  # gradients that the trials zero, and the script does not
        (falling(2.3, 300.0), False),
    ],
)
def test_losses_step_by_step(seen, agrees) -> None:
    assert agreement(witness(seen), TRIALS, 100, 1_000).agrees is agrees


def test_one_loss_is_too_few_to_compare() -> None:
    assert agreement(witness(((1, 2.3),)), TRIALS, 100, 1_000).agrees is None


def test_epochs_are_brought_to_steps() -> None:
    seen = ((1, 1.0), (2, 0.36))  # means of 100 steps each
    assert agreement(witness(seen, unit="epoch"), TRIALS, 100, 1_000).agrees


def test_what_a_smaller_sample_remembers_is_not_compared() -> None:
    seen = falling(2.3, 1.0, steps=400)
    trials = [(*falling(2.3, 1.0, steps=200), (300, 0.2), (400, 0.01))]
    assert agreement(witness(seen), trials, 100, fresh=200).agrees


def test_nothing_seen_is_not_agreement() -> None:
    assert agreement(None, TRIALS, 100, 1_000).agrees is None
    meaningless = witness(TRIALS[0], meaningless="rewards")
    assert agreement(meaningless, TRIALS, 100, 1_000).agrees is None


@pytest.mark.parametrize(("end", "agrees"), [(106.0, True), (40.0, False), (0.5, False)])
def test_far_above_knowing_nothing_losses_agree_within_a_factor(end, agrees) -> None:
    trials = [falling(9e3, 200.0, 400), falling(9e3, 201.0, 400)]
    assert agreement(witness(falling(9e3, end, 400)), trials, 100, 1_000).agrees is agrees


@pytest.mark.parametrize(("end", "agrees"), [(7.9, True), (2.2, False), (0.5, False)])
def test_worse_than_knowing_nothing_losses_agree_within_a_factor(end, agrees) -> None:
    """As where a rate is too large: what is reached then is chance."""
    trials = [falling(2.3, 3.4 + 0.01 * i, 400) for i in range(5)]
    assert agreement(witness(falling(2.3, end, 400)), trials, 100, 1_000).agrees is agrees


@pytest.mark.parametrize("ends", [(np.nan,), (np.inf,), (1e12,), (1e12, 2.3)])
def test_what_diverges_in_the_script_and_in_trials_agrees_however_far_it_came(ends) -> None:
    """The last one blew up, and its units are dead ever since."""
    seen = witness(((1, 2.3), (2, 500.0), (3, 1e30)), broken=4)
    diverging = [((1, 2.3), (2, 90.0), *enumerate(ends, 3))] * 2
    assert agreement(seen, diverging, 100, 1_000).agrees
    assert not agreement(seen, TRIALS, 100, 1_000).agrees


def test_a_sum_over_all_rows_is_larger_for_more_of_them() -> None:
    """A trial trains on three quarters of what the script has in its one batch."""
    from unstuck.proofs.prove import _fuller

    def mean(output, y):
        return float(np.mean((output.ravel() - y.ravel()) ** 2))

    def times(own, batch):
        known = SimpleNamespace(about=SimpleNamespace(batch_size=batch), outputs=1)
        y = np.arange(300.0)
        first = SimpleNamespace(held=SimpleNamespace(own=own), data=SimpleNamespace(y=y))
        return _fuller(known, SimpleNamespace(first=first))

    assert times(mean, 400) == 1
    assert times(lambda output, y: len(y) * mean(output, y), 400) == 400 / 300
    assert times(lambda output, y: len(y) * mean(output, y), 32) == 1
    assert times(lambda output, y: float("nan"), 400) == 1


def test_a_seed_that_does_so_where_others_learn() -> None:
    flat = falling(2.3, 2.3)
    seen, trials = witness(flat), [*TRIALS, *TRIALS, falling(2.3, 2.3, noise=0.01)]
    assert agreement(seen, TRIALS, 100, 1_000).agrees is False
    found = of_one(seen, trials, 100, 1_000)
    assert found is not None
    assert found.agrees
    assert (found.some, len(found.trials)) == (1, 5)
    assert of_one(seen, TRIALS, 100, 1_000) is None


@pytest.mark.parametrize(("end", "agrees"), [(3e-4, True), (0.5, False)])
def test_next_to_nothing_of_the_start_is_the_same(end, agrees) -> None:
    """Where the loss of knowing nothing is not known, so that it gives no scale."""
    script = Witness(
        "step", 3, ((1, 2.3), (50, 1e-3), (100, 1e-4)), start=2.3, nothing=float("nan")
    )
    trials = [((1, 2.3), (50, end), (100, end))]
    assert agreement(script, trials, 100, 1_000).agrees is agrees


@pytest.mark.parametrize(("end", "told"), [(2.25, True), (1.5, False)])
def test_where_the_same_model_learns_in_trials_what_lies_between_is_pointed_to(end, told) -> None:
    trials = [falling(2.4, 0.01 + 0.001 * i, 400) for i in range(5)]
    found = agreement(witness(falling(2.4, end, 400)), trials, 100, 1_000)
    assert found.agrees is False
    assert (BETWEEN in found.says) is told
