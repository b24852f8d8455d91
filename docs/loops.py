"""Faults of a training loop, and those that only trials tell of, in PyTorch on the bundled digits:
each trained as it is and as it should be, from the same five seeds."""

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from unstuck.data.digits import load

SEEDS = range(5)
EPOCHS = 10


@dataclass(frozen=True)
class Loop:
    """A training: sound as it stands here.

    Args:
        says: the set-up in a few words.
        fault: the cause's name, where it has it.
        normalized: whether batch normalization comes first, in place of standardized pixels.
        momentum: of its moving statistics.
        scheduled: whether the rate falls to a tenth every five epochs.
    """

    says: str = ""
    fault: str = ""
    hidden: tuple[int, ...] = (32, 32)
    activation: type[nn.Module] = nn.ReLU
    normalized: bool = False
    momentum: float = 0.1
    scheduled: bool = False
    dropout: float = 0.0
    optimizer: type[torch.optim.Optimizer] = torch.optim.Adam
    rate: float = 0.001
    batch: int = 32
    epochs: int = EPOCHS


SGD = Loop(optimizer=torch.optim.SGD, rate=0.1)
# The sound one, and what is other in that with the fault.
PAIRS: dict[str, tuple[Loop, dict[str, Any]]] = {
    "layers-not-registered": (replace(SGD, says="hidden layers of 8 in a ModuleList, or in a list",
                                      hidden=(8, 8, 8)), {}),
    "optimizer-of-another-model": (replace(SGD, says="an optimizer of the model, or of its copy"),
                                   {}),
    "loss-detached": (replace(SGD, says="the loss, or torch.tensor(loss.item(), …)"), {}),
    "step-before-backward": (replace(SGD, says="step() behind backward(), or before it"), {}),
    "backward-missing": (replace(SGD, says="loss.backward() before each step, or never"), {}),
    "gradients-not-zeroed": (replace(SGD, says="zero_grad() each step, or never"), {}),
    "updates-discarded": (replace(SGD, says="the weights that a step makes, kept, or put back as"
                                  " they were, as a loop in JAX does that does not keep them"),
                          {}),
    "evaluation-mode": (replace(SGD, says="BatchNorm1d in front of pixels from 0 to 255, in"
                                " training mode or not", normalized=True), {}),
    "training-mode": (replace(SGD, says="asked with dropout of 80 % of the hidden units off, or on",
                              dropout=0.8), {}),
    "schedule-per-batch": (replace(SGD, says="StepLR(optimizer, 5, 0.1), once an epoch or a"
                                   " batch", scheduled=True), {}),
    "optimizer-unsuited": (Loop("Adam, or SGD, with rate 0.001"),
                           {"optimizer": torch.optim.SGD}),
    "training-short": (Loop("ten epochs, or one"), {"epochs": 1}),
    "batch-large": (Loop("batches of 32, or all in one"), {"batch": 2_000}),
    "regularization-strong": (Loop("no dropout, or 95 % of the hidden units"), {"dropout": 0.95}),
    "capacity-small": (Loop("hidden layers of 32 units, or of one"), {"hidden": (1, 1)}),
    "hidden-activation": (Loop("five hidden layers with ReLU, or with a sigmoid",
                               hidden=(32,) * 5), {"activation": nn.Sigmoid}),
    "statistics-lag": (replace(SGD, says="BatchNorm1d in front of pixels from 0 to 255, with a"
                               " momentum of 0.1, or of 0.001", normalized=True),
                       {"momentum": 0.001}),
}  # fmt: skip


def measured(name: str, seeds: Iterable[int] = SEEDS) -> dict[str, Any]:
    """Held-out accuracies after each epoch, without and with the fault: a list a seed."""
    sound, other = PAIRS[name]
    faulty = replace(sound, fault=name, **other)
    return {
        "says": sound.says,
        "torch": torch.__version__,
        "sound": [accuracies(sound, seed) for seed in seeds],
        "fault": [accuracies(faulty, seed) for seed in seeds],
    }


def accuracies(loop: Loop, seed: int) -> list[float]:
    """Held-out accuracy before training and after each epoch, on all 360 test digits."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _trained(loop)


def _trained(loop: Loop) -> list[float]:
    x, y, x_test, y_test = _data(raw=loop.normalized)
    model = _network(loop)
    held = list(model.parameters())
    if loop.fault == "layers-not-registered":  # the first and the last are attributes
        held = [*model[0].parameters(), *model[-1].parameters()]
    elif loop.fault == "optimizer-of-another-model":
        held = list(copy.deepcopy(model).parameters())
    optimizer = loop.optimizer(held, lr=loop.rate)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 5, 0.1)
    first = copy.deepcopy(model.state_dict())
    seen = [_accuracy(loop, model, x_test, y_test)]
    for _ in range(loop.epochs):
        model.train(loop.fault != "evaluation-mode")
        for rows in torch.randperm(len(x)).split(loop.batch):
            _step(loop, model, optimizer, x[rows], y[rows])
            if loop.fault == "updates-discarded":
                model.load_state_dict(first)
            if loop.fault == "schedule-per-batch":
                schedule.step()
        if loop.scheduled and loop.fault != "schedule-per-batch":
            schedule.step()
        seen.append(_accuracy(loop, model, x_test, y_test))
    return seen


def _step(
    loop: Loop,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    x: torch.Tensor,
    y: torch.Tensor,
) -> None:
    if loop.fault != "gradients-not-zeroed":
        optimizer.zero_grad()
    loss = F.cross_entropy(model(x), y)
    if loop.fault == "loss-detached":
        loss = torch.tensor(loss.item(), requires_grad=True)
    if loop.fault == "step-before-backward":
        optimizer.step()
    if loop.fault != "backward-missing":
        loss.backward()
    if loop.fault != "step-before-backward":
        optimizer.step()


def _network(loop: Loop) -> nn.Sequential:
    sizes = (64, *loop.hidden)
    layers: list[nn.Module] = (
        [nn.BatchNorm1d(64, momentum=loop.momentum)] if loop.normalized else []
    )
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), loop.activation()]
        layers += [nn.Dropout(loop.dropout)] if loop.dropout else []
    return nn.Sequential(*layers, nn.Linear(sizes[-1], 10))


def _data(raw: bool) -> tuple[torch.Tensor, ...]:
    data = load()
    x, x_test = (torch.tensor(v).float() for v in (data.x_train, data.x_test))
    mean, spread = (0.0, 1.0) if raw else (x.mean(), x.std())
    y, y_test = (torch.tensor(v).long() for v in (data.y_train, data.y_test))
    return (x - mean) / spread, y, (x_test - mean) / spread, y_test


@torch.no_grad()
def _accuracy(loop: Loop, model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    model.train(loop.fault == "training-mode")
    return round(float((model(x).argmax(1) == y).float().mean()), 4)
