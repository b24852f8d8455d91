"""Trials of torch set-ups: which weights they begin with, and that nothing is touched."""

import copy
import random

import numpy as np
import pytest

from subjects.torch_trials import (
    AS_IT_IS,
    LOGITS,
    F,
    X,
    Y,
    changes,
    clamped,
    mlp,
    nn,
    subject_of,
    torch,
    trained,
)
from unstuck.frameworks.torch.functions import spread
from unstuck.frameworks.torch.redrawn import kept
from unstuck.frameworks.torch.setup import Setup


def test_weights_that_were_set_by_hand_are_kept():
    model = mlp()
    with torch.no_grad():
        model[0].weight.mul_(10)
    subject = subject_of(model, loss="cross_entropy")
    trainer = subject.trainer()
    assert any("kept: 0" in note for note in trainer.notes)
    runs = [trained(subject, seed=seed, steps=0, trainer=trainer) for seed in (1, 2)]
    for run in runs:
        assert torch.equal(run.model[0].weight, model[0].weight)
        assert not torch.equal(run.model[2].weight, model[2].weight)
    assert not torch.equal(runs[0].model[2].weight, runs[1].model[2].weight)


@pytest.mark.parametrize("seed", range(5))
def test_weights_as_drawn_are_drawn_anew(seed):
    torch.manual_seed(seed)
    model = nn.Sequential(
        nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 10)
    )
    trainer = subject_of(model, loss="cross_entropy").trainer()
    assert trainer.notes == ()


def test_a_model_that_was_trained_begins_anew_but_for_frozen_layers():
    model = mlp()
    with torch.no_grad():
        model[0].weight.mul_(10)
        model[2].weight.mul_(10)
    model[0].requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters())
    F.cross_entropy(model(torch.tensor(X[:50])), torch.tensor(Y[:50]).long()).backward()
    optimizer.step()
    subject = subject_of(model, loss="cross_entropy", optimizer=optimizer)
    trainer = subject.trainer()
    assert any("trained" in note for note in trainer.notes)
    run = trained(subject, steps=0, trainer=trainer)
    assert torch.equal(run.model[0].weight, model[0].weight)
    assert float(run.model[2].weight.detach().std()) < 0.2 * float(model[2].weight.detach().std())


def test_frozen_parameters_are_thawed_and_held():
    model = mlp(seed=1)
    model[0].requires_grad_(False)
    optimizer = torch.optim.Adam(model[2].parameters())
    subject = subject_of(model, X / 255, loss="cross_entropy", optimizer=optimizer)
    start = trained(subject, steps=0)
    for combination, moves in ((AS_IT_IS, False), (changes(held=True), True)):
        run = trained(subject, combination, steps=5)
        assert torch.equal(run.model[0].weight, start.model[0].weight) is not moves


# -- the user's own -----------------------------------------------------------------------------


def test_nothing_of_the_users_is_touched():
    model = mlp(nn.Softmax(1))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.tensor(X / 255), torch.tensor(Y).long()
    clamped(model(x), y).backward()
    optimizer.step()
    kept = copy.deepcopy((model.state_dict(), optimizer.state_dict(), x, y))
    gradients = [p.grad.clone() for p in model.parameters()]
    states = random.getstate(), np.random.get_state()[1].copy(), torch.get_rng_state()
    subject = subject_of(model, x, y, optimizer=optimizer)
    for combination in (AS_IT_IS, LOGITS, changes(normalization=True, start="lsuv", held=True)):
        trained(subject, combination, steps=10)
    assert random.getstate() == states[0]
    assert np.array_equal(np.random.get_state()[1], states[1])
    assert torch.equal(torch.get_rng_state(), states[2])
    assert torch.equal(x, kept[2])
    assert torch.equal(y, kept[3])
    assert all(torch.equal(v, kept[0][k]) for k, v in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    for p, values in optimizer.state_dict()["state"].items():
        for name, value in values.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(kept[1]["state"][p][name]))
    assert optimizer.state_dict()["param_groups"] == kept[1]["param_groups"]


@pytest.mark.parametrize("n", [10_001, 2**24 + 5, 16_810_000, 2**40])
def test_places_in_a_kernel_of_any_size_are_in_it(n):
    places = spread(n, 10_000)
    assert (places[0], places[-1]) == (0, n - 1)
    assert (places.diff() > 0).all()


def test_a_kernel_of_more_weights_than_float32_counts_is_compared():
    model = nn.Linear(4_100, 4_100, bias=False)  # 16.81 million, above 2²⁴
    assert kept(Setup(model, None, None), torch.device("cpu")).modules == ()
