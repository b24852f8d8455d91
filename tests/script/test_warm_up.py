"""PyTorch schedules under `unstuck run`: a rate that rises is judged by what it rises to."""

import json

import pytest

import unstuck

from .running import python, unstuck_run

torch = pytest.importorskip("torch")

SCRIPT = """\
import torch
from torch import nn
from torch.optim import lr_scheduler

torch.manual_seed(0)
x = torch.randn(320, 8)
y = x[:, :3].argmax(1)

def train(make, schedule, **numbers):
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = make(model.parameters(), **numbers)
    rates = schedule(optimizer)
    told = []
    for epoch in range(4):
        for i in range(0, 320, 32):
            loss = nn.functional.cross_entropy(model(x[i : i + 32]), y[i : i + 32])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.step()
            told.append((loss.item(), rates.get_last_lr()))
    print(told, sorted(optimizer.param_groups[0]))

train(torch.optim.Adam, lambda o: lr_scheduler.LambdaLR(o, lambda i: min(1, i / 20)))
"""


def net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3))


def looked_at(model, optimizer):
    x = torch.randn(240, 8, generator=torch.Generator().manual_seed(0))
    groups = [dict(group) for group in optimizer.param_groups]
    report = unstuck.diagnose(
        model, x, x[:, :3].argmax(1), loss=torch.nn.CrossEntropyLoss(), optimizer=optimizer
    )
    for group, before in zip(optimizer.param_groups, groups, strict=True):
        assert group.keys() == before.keys()
        assert all(group[key] is before[key] for key in group)
    return report


def test_a_script_that_warms_up_from_0_is_not_suspected(tmp_path):
    (tmp_path / "train.py").write_text(SCRIPT)
    plain = python(tmp_path, "train.py")
    seen = unstuck_run(tmp_path, "--verbose", "--json", "o.json", "train.py")
    assert plain.status == 0, plain.err
    assert (seen.out, seen.status) == (plain.out, 0), seen.err
    (subject,) = json.loads((tmp_path / "o.json").read_text())["subjects"]
    assert subject["report"]["suspects"] == []
    assert subject["report"]["setup"]["optimizer"] == "adam, rate 0.001"
    assert "the learning rate warms up from 0 to 0.001" in seen.err


@pytest.mark.parametrize(
    ("kind", "numbers", "schedule", "rate"),
    [
        ("SGD", {"lr": 0.1}, lambda s, o: s.LambdaLR(o, lambda i: min(1, i / 20)), 0.1),
        ("Adagrad", {"lr": 0.1}, lambda s, o: s.LinearLR(o, 0.01), 0.1),
        ("Adam", {"lr": 1e-5}, lambda s, o: s.OneCycleLR(o, 0.01, 100), 0.01),
        ("Adam", {"lr": torch.tensor(1e-3)}, lambda s, o: s.LinearLR(o, 0.01), 1e-3),
        ("Adam", {"lr": 1e-3}, lambda s, o: s.LinearLR(o, 0.5), 5e-4),
        ("Adam", {"lr": 1e-3}, lambda s, o: s.StepLR(o, 10), 1e-3),
    ],
)
def test_what_a_rate_rises_to_is_looked_at(kind, numbers, schedule, rate):
    model = net()
    optimizer = getattr(torch.optim, kind)(model.parameters(), **numbers)
    low = schedule(torch.optim.lr_scheduler, optimizer).get_last_lr()[0]
    report = looked_at(model, optimizer)
    assert report.probes["learning_rate"] == pytest.approx(rate)
    warms = any("warms up from" in limit for limit in report.limits)
    assert warms == (float(low) < rate / 10)
    assert report.probes["step_loss_ratio"] < 1


def test_a_rate_that_has_come_down_is_looked_at_as_it_is():
    model = net()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    rates = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.1)
    for _ in range(2):
        model(torch.randn(9, 8)).sum().backward()
        optimizer.step()
        rates.step()
    report = looked_at(model, optimizer)
    assert report.probes["learning_rate"] == pytest.approx(1e-5)
    assert report.limits == ()


def test_a_function_may_make_optimizer_and_schedule():
    def make(parameters):
        optimizer = torch.optim.Adam(parameters)
        torch.optim.lr_scheduler.LinearLR(optimizer, 0.01)
        return optimizer

    x = torch.randn(240, 8, generator=torch.Generator().manual_seed(0))
    loss = torch.nn.CrossEntropyLoss()
    report = unstuck.diagnose(net(), x, x[:, :3].argmax(1), loss=loss, optimizer=make)
    assert report.setup["optimizer"] == "adam, rate 0.001"
    assert report.probes["step_loss_ratio"] < 1
