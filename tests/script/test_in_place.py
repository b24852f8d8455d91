"""Data sets that write into the arrays they are cut from: a look leaves these as they were."""

import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import unstuck
from unstuck.setups.arrays_kept import arrays_kept

GLOBAL = np.arange(600 * 4, dtype="f4").reshape(600, 4) % 7


class OfAGlobal(Dataset):
    def __len__(self):
        return len(GLOBAL)

    def __getitem__(self, i):
        row = GLOBAL[i]
        row += 1
        return torch.from_numpy(row), int(i % 2)


class OfItsOwn(OfAGlobal):
    def __init__(self):
        self.parts = {"x": GLOBAL.copy()}

    def __getitem__(self, i):
        row = self.parts["x"][i]
        row *= 0.5
        return torch.from_numpy(row), int(i % 2)


def halved(items):
    for x, _ in items:
        x.mul_(0.5)
    return torch.stack([x for x, _ in items]), torch.stack([y for _, y in items])


def of_tensors():
    x = torch.from_numpy(GLOBAL.copy())
    loader = DataLoader(TensorDataset(x, torch.arange(600) % 2), 50, collate_fn=halved)
    return loader, x


def of_its_own():
    data = OfItsOwn()
    return DataLoader(data, 50), data.parts["x"]


@pytest.mark.parametrize(
    "made", [lambda: (DataLoader(OfAGlobal(), 50), GLOBAL), of_its_own, of_tensors]
)
def test_a_look_leaves_the_arrays_as_they_were(made, monkeypatch) -> None:
    monkeypatch.setattr(sys.modules["__main__"], "GLOBAL", GLOBAL, raising=False)
    loader, array = made()
    before = np.asarray(array).copy()
    loss, net = nn.CrossEntropyLoss(), nn.Linear(4, 2)
    unstuck.diagnose(net, loader, loss=loss, optimizer=torch.optim.SGD(net.parameters(), 0.1))
    np.testing.assert_array_equal(np.asarray(array), before)


def test_nan_stays_and_nothing_else_is_written() -> None:
    array = np.array([1.0, np.nan, 3.0])
    tensor = torch.tensor([1.0, float("nan")])
    version = tensor._version
    with arrays_kept([array, tensor]):
        array[0] = 7
    np.testing.assert_array_equal(array, [1.0, np.nan, 3.0])
    assert tensor._version == version


def test_tensors_that_numpy_does_not_know_are_put_back() -> None:
    half = torch.tensor([1.0, float("nan"), 3.0], dtype=torch.bfloat16)
    wide = torch.ones(1).expand(5)
    with arrays_kept([half, wide]):
        half[0] = 7
    assert half[[0, 2]].tolist() == [1.0, 3.0]
