"""A traced PyTorch loss in JAX against PyTorch's own autograd."""

from typing import Any

import jax
import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from unstuck.frameworks.torch.graph import traced
from unstuck.setups.compiled import Untranslatable

torch.manual_seed(0)  # each set-up below is one, not another at each run
X = torch.linspace(-3, 3, 16 * 6).reshape(16, 6)
Y = torch.sin(X[:, :1] * 2)
IDS = torch.arange(16) % 4
IMAGES = torch.sin(torch.arange(4 * 2 * 8 * 8.0)).reshape(4, 2, 8, 8)


def dense(outputs: int, *end: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(inplace=True), nn.Linear(8, outputs), *end)


def through(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), *layers, nn.Linear(8, 1))


class Recurrent(nn.Module):
    """The last output of a recurrent layer over three steps of time, unless it is given more."""

    def __init__(self, cell: nn.Module) -> None:
        super().__init__()
        self.cell = cell
        self.out = nn.Linear(cell.hidden_size * (1 + cell.bidirectional), 1)

    def forward(self, x: Any) -> Any:
        out, _ = self.cell(x.reshape(len(x), -1, 2))
        return self.out(out[:, -1])


class Cells(nn.Module):
    def __init__(self, repeated: int) -> None:
        super().__init__()
        self.cell, self.out, self.repeated = nn.GRUCell(2, 5), nn.Linear(5, 1), repeated

    def forward(self, x: Any) -> Any:
        h = x.new_zeros(len(x), 5)
        for step in [*x.reshape(len(x), -1, 2).unbind(1)] * self.repeated:
            h = self.cell(step, h)
        return self.out(h)


class Words(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.out = nn.Embedding(4, 5), nn.Linear(5, 4)

    def forward(self, ids: Any) -> Any:
        return self.out(self.words(ids))


CONVOLUTION = (nn.Conv2d(2, 3, 3, padding=1, stride=2), nn.ReLU(), nn.Conv2d(3, 4, 2, groups=1))
SETUPS: dict[str, tuple[nn.Module, Any, Any, Any]] = {
    "squares": (dense(1), functional.mse_loss, X, Y),
    "in double precision": (dense(1).double(), nn.MSELoss(), X.double(), Y.double()),
    "squares of another shape": (dense(1), functional.mse_loss, X, Y[:, 0]),
    "absolute": (dense(1), nn.L1Loss(), X, Y),
    "huber": (dense(1), nn.HuberLoss(delta=0.3), X, Y),
    "smooth absolute": (dense(1), nn.SmoothL1Loss(), X, Y),
    "cross-entropy": (dense(4), nn.CrossEntropyLoss(), X, IDS),
    "weighted, smoothed": (
        dense(4), nn.CrossEntropyLoss(torch.arange(1.0, 5), label_smoothing=0.1), X, IDS,
    ),
    "ignored ids": (dense(4), nn.CrossEntropyLoss(ignore_index=2), X, IDS),
    "softmax twice": (dense(4, nn.Softmax(1)), nn.CrossEntropyLoss(), X, IDS),
    "log-softmax": (dense(4, nn.LogSoftmax(1)), nn.NLLLoss(), X, IDS),
    "saturated": (dense(1, nn.Sigmoid()), nn.BCELoss(), X * 1e3, (Y > 0).float()),
    "logits": (dense(1), nn.BCEWithLogitsLoss(pos_weight=torch.tensor(2.0)), X, (Y > 0).float()),
    "batch normalization": (through(nn.BatchNorm1d(8), nn.Tanh()), nn.MSELoss(), X, Y),
    "layer normalization": (through(nn.LayerNorm(8), nn.GELU()), nn.MSELoss(), X, Y),
    "other activations": (
        through(nn.ELU(), nn.SELU(), nn.SiLU(), nn.Softplus(), nn.LeakyReLU(), nn.Hardtanh()),
        nn.MSELoss(), X, Y,
    ),
    "convolution": (
        nn.Sequential(*CONVOLUTION, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 4)),
        nn.CrossEntropyLoss(), IMAGES, IDS[:4],
    ),
    "convolution, normalized": (
        nn.Sequential(
            nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(27, 4)
        ),
        nn.CrossEntropyLoss(), IMAGES, IDS[:4],
    ),
    "recurrent": (Recurrent(nn.RNN(2, 5, batch_first=True)), nn.MSELoss(), X, Y),
    "rectified, without biases": (
        Recurrent(nn.RNN(2, 5, nonlinearity="relu", bias=False, batch_first=True)),
        nn.MSELoss(), X, Y,
    ),
    "LSTM in both directions": (
        Recurrent(nn.LSTM(2, 5, 2, batch_first=True, bidirectional=True)), nn.MSELoss(), X, Y,
    ),
    "GRU over 300 steps": (
        Recurrent(nn.GRU(2, 5, batch_first=True)), nn.MSELoss(), X.repeat(1, 100), Y,
    ),
    "cells": (Cells(1), nn.MSELoss(), X, Y),
    "attention": (
        nn.Sequential(
            nn.Unflatten(1, (3, 2)),
            nn.TransformerEncoderLayer(2, 1, 4, dropout=0.0, batch_first=True),
            nn.Flatten(), nn.Linear(6, 1),
        ),
        nn.MSELoss(), X, Y,
    ),
    "embedding": (Words(), nn.CrossEntropyLoss(), IDS, IDS),
}  # fmt: skip


class Called(nn.Module):
    def __init__(self, model: nn.Module, loss: Any) -> None:
        super().__init__()
        self.model, self.loss = model, loss

    def forward(self, x: Any, y: Any) -> Any:
        return self.loss(self.model(x), y)


def compute_of(model: nn.Module, loss: Any) -> Any:
    """(parameters, state, batch) -> (loss, next state)."""
    whole = Called(model, loss)
    names = [n for n, _ in whole.named_parameters()], [n for n, _ in whole.named_buffers()]

    def compute(params: Any, state: Any, batch: Any) -> Any:
        given = dict(zip([*names[0], *names[1]], [*params, *state], strict=True))
        return torch.func.functional_call(whole, given, tuple(batch)), state

    return compute


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", SETUPS)
def test_loss_gradients_and_state_are_pytorchs(name: str) -> None:
    model, loss, x, y = SETUPS[name]
    whole = Called(model, loss)
    params, state = list(whole.parameters()), list(whole.buffers())
    compute = compute_of(model, loss)
    graph = traced(compute, params, state, [x, y])
    arrays = [[_array(t) for t in part] for part in (params, state, [x, y])]
    with graph.precision():
        found, gradients, after = jax.jit(graph)(*arrays, jax.random.key(0))

    state = [b.clone() for b in state]
    expected, state = compute(params, state, [x, y])
    own = torch.autograd.grad(expected, params)
    # Sums in another order: a few units in the last place of the largest gradient.
    largest = max(float(g.abs().max()) for g in own)
    np.testing.assert_allclose(found, float(expected.detach()), rtol=1e-5)
    for mine, theirs in zip(gradients, own, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-4, atol=1e-5 * largest)
    for mine, theirs in zip(after, state, strict=True):
        np.testing.assert_allclose(mine, theirs.numpy(), rtol=1e-5, atol=1e-6)


def test_a_parameter_without_a_gradient_is_told() -> None:
    model = dense(1)
    unused = nn.Parameter(torch.ones(3))
    params = [*model.parameters(), unused]

    def compute(given: Any, state: Any, batch: Any) -> Any:
        return compute_of(model, nn.MSELoss())(given[:-1], state, batch)

    assert traced(compute, params, [], [X, Y]).reached == (True,) * 4 + (False,)


def test_dropout_draws_anew_for_each_key() -> None:
    model = nn.Sequential(nn.Dropout(0.5), nn.Linear(6, 1))
    params = list(model.parameters())
    graph = traced(compute_of(model, nn.MSELoss()), params, [], [X, Y])
    arrays = [[_array(t) for t in part] for part in (params, [], [X, Y])]
    some = [float(jax.jit(graph)(*arrays, jax.random.key(i))[0]) for i in range(200)]
    with torch.no_grad():
        theirs = [float(nn.functional.mse_loss(model(X), Y)) for _ in range(200)]
    assert graph.random
    # Five standard errors of the difference: one false alarm in a million.
    error = np.sqrt((np.var(some) + np.var(theirs)) / 200)
    assert abs(np.mean(some) - np.mean(theirs)) < 5 * error


class Branching(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(6, 1)

    def forward(self, x: Any) -> Any:
        return self.layer(x) if float(x.sum()) > 0 else self.layer(-x)


class Unlisted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.hidden, self.out = [nn.Linear(6, 6)], nn.Linear(6, 1)

    def forward(self, x: Any) -> Any:
        return self.out(self.hidden[0](x))


@pytest.mark.parametrize(
    ("model", "x", "why"),
    [
        (dense(1).half(), X.half(), "float16"),
        (Branching(), X, "traced"),
        (Unlisted(), X, "in no module"),
        (nn.LSTM(6, 2, proj_size=1), X, "projections"),
        (Cells(9), X, "more than 24 times"),
    ],
    ids=["half", "branching", "unlisted", "projections", "cells"],
)
def test_what_cannot_be_translated_says_why(model: nn.Module, x: Any, why: str) -> None:
    def first(output: Any, y: Any) -> Any:
        output = output[0] if isinstance(output, tuple) else output
        return functional.mse_loss(output, y.to(output.dtype))

    params = list(model.parameters())
    with pytest.raises(Untranslatable, match=why):
        traced(compute_of(model, first), params, [], [x, Y.to(x.dtype)])


def _array(tensor: Any) -> Any:
    found = tensor.detach().numpy()
    return found.astype(np.int32) if found.dtype == np.int64 else found
