"""Where the first number that is not finite comes from, in PyTorch."""

import numpy as np
import pytest
import torch
from torch import nn

from unstuck.frameworks.recognize import recognize
from unstuck.setups.split import split
from unstuck.setups.subject import Given

STEPS = 6


class Distances(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def forward(self, x):
        return self.layer(x) + torch.sqrt((x[:, :1] - x[:, 1:2]) ** 2 * self.layer.weight[0, 0])


class Logarithm(nn.Module):
    def forward(self, x):
        return torch.log(x - x)


def origin(model, x, rate=0.01):
    y = np.zeros((len(x), 1), np.float32)
    optimizer = torch.optim.SGD(model.parameters(), rate)
    given = Given(x, y, loss=nn.MSELoss(), optimizer=optimizer, batch_size=8)
    subject = recognize(model, given)
    return subject.trainer().first_not_finite(split(subject.sample), 0, STEPS)


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def test_a_gradient_that_is_no_number_is_told_with_its_line(x):
    x[:, 1] = x[:, 0]  # the root of 0 has no slope
    torch.manual_seed(0)
    told = origin(Distances(), x)
    assert told.startswith("step 1: the gradient of sqrt in test_first_nan.py, line ")
    assert told.endswith("torch.sqrt((x[:, :1] - x[:, 1:2]) ** 2 * self.layer.weight[0, 0])")


def test_a_layer_that_gives_what_is_no_number_is_told(x):
    torch.manual_seed(0)
    told = origin(nn.Sequential(nn.Linear(3, 2), Logarithm(), nn.Linear(2, 1)), x)
    assert told == "step 1: the output of 1 (Logarithm)"


def test_what_stays_finite_has_no_origin(x):
    torch.manual_seed(0)
    assert origin(nn.Linear(3, 1), x) == ""
