"""Outputs that depend on the other examples of the batch."""

import copy
import random

import numpy as np
import pytest
import torch
from torch import nn

from subjects.torch_parts import examples, observed
from unstuck.changes.batch_axis import BATCH_FIRST
from unstuck.cures.cure import cure
from unstuck.cures.printed import Names
from unstuck.errors import UsageError
from unstuck.frameworks.recognize import recognize
from unstuck.frameworks.torch.cure import built, printed
from unstuck.setups.dependence import dependence
from unstuck.setups.split import split
from unstuck.setups.subject import Given

X = np.random.default_rng(0).normal(size=(40, 3))


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        (lambda rows: X[rows], 0.0),
        (lambda rows: X[rows].reshape(3, -1).T, 0.1),  # a view that cuts across the examples
        (lambda rows: X[rows] - X[rows].mean(axis=0), 0.01),
        (lambda rows: X[rows].cumsum(axis=0), 0.1),  # a recurrence that takes them for time
    ],
)
def test_what_mixes_examples_shows(output, expected: float) -> None:
    found = dependence(output, len(X))
    assert found >= expected
    assert (found == 0) is (expected == 0)


def test_what_takes_one_size_of_batch_or_draws_anew_is_not_told() -> None:
    def graph(rows):
        if len(rows) != 32:
            raise UsageError("32 nodes", "all of them")
        return X[rows].cumsum(axis=0)

    assert dependence(graph, len(X)) is None
    assert dependence(lambda rows: X[rows] + random.random(), len(X)) is None
    assert dependence(lambda rows: X[rows], 1) is None


class Recurrent(nn.Module):
    def __init__(self, batch_first: bool) -> None:
        super().__init__()
        self.lstm = nn.LSTM(2, 6, batch_first=batch_first)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Noisy(nn.Sequential):
    """Draws in evaluation mode too, as variational autoencoders do."""

    def forward(self, x):
        return super().forward(x) + torch.randn(len(x), 3)


@pytest.mark.parametrize(
    ("model", "mixes"),
    [
        (nn.Sequential(nn.Linear(5, 3)), False),
        (nn.Sequential(nn.Linear(5, 3), nn.Softmax(dim=0)), True),
        (nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3)), False),
        (nn.Sequential(nn.Unflatten(1, (1, 5)), nn.InstanceNorm1d(1), nn.Flatten(),
                       nn.Linear(5, 3)), False),
        (nn.Sequential(nn.Linear(5, 8), nn.Dropout(0.5), nn.Linear(8, 3)), False),
        (Noisy(nn.Linear(5, 3)), False),
    ],
)  # fmt: skip
def test_torch_models(model, mixes: bool) -> None:
    x, y = examples()
    subject = recognize(model, Given(x, y, loss=nn.CrossEntropyLoss()))
    assert (observed(subject).dependence > 1e-3) is mixes


def test_statistics_of_the_batch_alone_tell_nothing() -> None:
    x, y = examples()
    model = nn.Sequential(nn.BatchNorm1d(5, track_running_stats=False), nn.Linear(5, 3))
    subject = recognize(model, Given(x, y, loss=nn.CrossEntropyLoss()))
    assert observed(subject).dependence is None


@pytest.mark.parametrize("batch_first", [False, True])
def test_sequences_whose_first_axis_is_taken_for_time(batch_first: bool) -> None:
    x = np.random.default_rng(0).normal(size=(24, 9, 2)).astype(np.float32)
    subject = recognize(Recurrent(batch_first), Given(x, np.arange(24) % 3,
                                                      loss=nn.CrossEntropyLoss()))  # fmt: skip
    assert (observed(subject).dependence > 1e-3) is not batch_first


class Attending(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0.0), 2)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.encoder(x).mean(dim=1))


@pytest.mark.parametrize(
    ("model", "size", "edits"),
    [(Recurrent(False), 2, ["call LSTM"]), (Attending(), 4, ["call TransformerEncoderLayer"])],
)
def test_trial_object_and_code_take_the_first_axis_for_the_examples(model, size, edits) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(24, 9, size)).astype(np.float32), np.arange(24) % 3
    own = torch.optim.SGD(model.parameters(), 0.01)
    subject = recognize(model, Given(x, y, loss=nn.CrossEntropyLoss(), optimizer=own))
    trainer = subject.trainer()
    assert trainer.refuses((BATCH_FIRST,)) == ""
    trial = trainer.train(split(subject.sample), (BATCH_FIRST,), 0, 1).model
    made = built(subject, cure((BATCH_FIRST,)))
    space = {"model": copy.deepcopy(model)}
    exec(made.code, space)
    for changed in (trial, made.model, space["model"]):
        assert all(m.batch_first for m in changed.modules() if hasattr(m, "batch_first"))
    (block,) = printed(subject, cure((BATCH_FIRST,)), Names())
    assert [edit.of for edit in block.edits] == edits
    assert not any(m.batch_first for m in model.modules() if hasattr(m, "batch_first"))


def test_without_such_a_layer_there_is_nothing_to_change() -> None:
    x, y = examples()
    model = nn.Sequential(nn.Linear(5, 3))
    own = torch.optim.SGD(model.parameters(), 0.01)
    subject = recognize(model, Given(x, y, loss=nn.CrossEntropyLoss(), optimizer=own))
    assert "another axis" in subject.trainer().refuses((BATCH_FIRST,))
