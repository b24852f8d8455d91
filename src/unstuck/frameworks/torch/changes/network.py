"""The network: its units, activations, dropout and normalization."""

from itertools import pairwise
from typing import Any

import numpy as np
import torch

from unstuck.changes.change import Value
from unstuck.changes.output_activation import exclusive
from unstuck.frameworks.torch.batch_axis import take_first
from unstuck.frameworks.torch.changes.changed import Changed, kernels, put, take_off
from unstuck.frameworks.torch.logits import Refused
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.moved import move_first
from unstuck.frameworks.torch.redrawn import seed_torch

ACTIVATIONS: dict[str, type[Any]] = {
    "relu": torch.nn.ReLU,
    "leaky_relu": torch.nn.LeakyReLU,
    "tanh": torch.nn.Tanh,
}
BOUNDED = {"sigmoid", "tanh", "softsign", "hardtanh", "hardsigmoid", "softmax", "relu", "relu6"}
BOUNDED |= {"softplus"}
DROPOUTS: tuple[type[Any], ...] = (
    torch.nn.Dropout,
    torch.nn.Dropout1d,
    torch.nn.Dropout2d,
    torch.nn.Dropout3d,
)
DROPOUTS += (torch.nn.AlphaDropout, torch.nn.FeatureAlphaDropout)
PLAIN_UNITS = 64


class Normalized(torch.nn.Module):  # type: ignore[misc]
    """Batch normalization, without weights, of the last axis; of axis 1 for images."""

    def __init__(self, features: int, last: bool) -> None:
        super().__init__()
        self.last = last
        self.norm = torch.nn.BatchNorm1d(features, affine=False)

    def forward(self, x: Any) -> Any:
        x = x.to(self.norm.running_mean.dtype)
        flat = x.reshape(-1, x.shape[-1]) if self.last else x.flatten(2)
        return self.norm(flat).reshape(x.shape)


def plain(done: Changed, _: Value) -> None:
    shape = done.survey.output.shape[1:]
    x = done.subject.sample.x
    if len(x) != 1 or done.subject.sample.kinds != ("values",):
        raise Refused("the network's input is not one array of values")
    if len(shape) > 1:
        raise Refused("the network's output has several axes")
    features, units = int(np.prod(x[0].shape[1:])), shape[0] if len(shape) else 1
    seed_torch(done.seed, done.subject.device)
    end = done.survey.end
    ends = {"softmax": torch.nn.Softmax, "log_softmax": torch.nn.LogSoftmax}
    layers: list[Any] = [
        torch.nn.Flatten(),
        torch.nn.Linear(features, PLAIN_UNITS),
        torch.nn.ReLU(),
        torch.nn.Linear(PLAIN_UNITS, PLAIN_UNITS),
        torch.nn.ReLU(),
        torch.nn.Linear(PLAIN_UNITS, units),
    ]
    takes = done.subject.about.loss.takes
    if end is not None and end.becomes in ends and takes != "logits":
        layers.append(ends[end.becomes](dim=1))
    elif end is not None and end.name == "sigmoid" and takes not in ("logits", "values"):
        layers.append(torch.nn.Sigmoid())
    if not len(shape):
        layers.append(torch.nn.Flatten(0))
    dtype = next(p.dtype for p in done.setup.model.parameters() if p.is_floating_point())
    anew(done, torch.nn.Sequential(*layers).to(dtype))
    done.plain = True


def anew(done: Changed, model: Any) -> None:
    """Another model in the set-up, whose parameters the optimizer holds by its first group."""
    model.to(done.subject.device)
    if done.setup.optimizer is not None:
        del done.groups[1:]
        done.groups[0]["params"] = list(model.parameters())
    done.setup = done.setup._replace(model=model)


def widen(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    model = done.setup.model
    own = [(n, m) for n, m in model.named_modules() if any(True for _ in m.parameters(False))]
    if any(not isinstance(m, torch.nn.Linear) for _, m in own) or len(own) < 2:
        raise Refused("the model is no chain of dense layers")
    order = [tap.name for tap in done.survey.taps]
    chain = [dict(own)[name] for name in order if name in dict(own)]
    fits = all(a.out_features == b.in_features for a, b in pairwise(chain))
    if len(order) != len(own) or len(chain) != len(own) or not fits:
        raise Refused("the model is no chain of dense layers")
    seed_torch(done.seed, done.subject.device)
    new: dict[int, Any] = {}
    last = len(chain) - 1
    for i, (name, old) in enumerate(zip(order, chain, strict=True)):
        wide = torch.nn.Linear(
            old.in_features if i == 0 else int(old.in_features * factor),
            old.out_features if i == last else int(old.out_features * factor),
            old.bias is not None,
        ).to(old.weight.device, old.weight.dtype)
        put(model, name, wide)
        new[id(old.weight)] = wide.weight
        if old.bias is not None:
            new[id(old.bias)] = wide.bias
    if done.setup.optimizer is not None:
        for group in done.groups:
            group["params"] = [new.get(id(p), p) for p in group["params"]]


def drop(done: Changed, rate: Value) -> None:
    found = [m for m in done.setup.model.modules() if isinstance(m, DROPOUTS) and m.p != rate]
    if not found:
        raise Refused("there is no dropout")
    for module in found:
        module.p = rate


def batch_axis(done: Changed, how: Value) -> None:
    model = done.setup.model
    if how == "first":
        return take_first(model)
    places = move_first(model)
    with torch.no_grad():
        done.forward(done.setup, done.step)
    done.moved = tuple(dict.fromkeys(places))
    if not done.moved:
        raise Refused("no view puts another axis where the examples are")


def statistics(done: Changed, momentum: Value) -> None:
    assert isinstance(momentum, float)
    kinds = torch.nn.modules.batchnorm._NormBase
    kept = [m for m in done.setup.model.modules() if isinstance(m, kinds) and m.track_running_stats]
    found = [m for m in kept if m.momentum is not None and m.momentum < momentum]
    if not found:
        raise Refused("there are no moving statistics with a longer memory")
    for module in found:
        module.momentum = momentum


def output(done: Changed, name: Value) -> None:
    end = done.survey.end
    if name == "sigmoid":
        view, shape = done.subject.about.loss, done.survey.output.shape
        of_ids = view.targets in ("ids", "one-hot") or view.takes == "logits"
        shared = not exclusive(done.subject.sample.y, shape[-1] if len(shape) > 1 else 1)
        if end is None or end.becomes != "softmax" or of_ids or not shared:
            raise Refused("there is no softmax of labels that do not exclude each other")
        return take_off(done, end, torch.nn.Sigmoid())
    if done.subject.about.loss.takes not in ("values", "unknown"):
        raise Refused("the loss is one for classes")
    if end is None or end.name not in BOUNDED:
        raise Refused("the output has no activation that bounds it")
    take_off(done, end)


def activate(done: Changed, name: Value) -> None:
    survey, model = done.survey, done.setup.model
    found = list(dict.fromkeys(survey.hidden))
    if not found:
        _insert(done, str(name))
        return
    for function, where in found:
        if not survey.is_activation(where):
            raise Refused(f"{function} is called as a function in the forward pass")
    last = survey.end.module if survey.end else ""
    modules = [where for _, where in found if where != last]
    for where in modules:
        put(model, where, ACTIVATIONS[str(name)]())
    done.activations = modules


def _insert(done: Changed, name: str) -> None:
    """An activation behind every layer but the last of a network that has none."""
    model = done.setup.model
    layers = {n: m for n, m in model.named_modules() if n and m in set(kernels(model))}
    order = [tap.name for tap in done.survey.taps]
    if len(order) < 2 or set(order) != set(layers) or len(set(order)) < len(order):
        raise Refused("there are no hidden activations, and the layers are no plain chain")
    for where in order[:-1]:
        put(model, where, torch.nn.Sequential(layers[where], ACTIVATIONS[name]()))
    done.activations = order[:-1]


def normalize(done: Changed, _: Value) -> None:
    survey = done.survey
    if survey.first is None:
        raise Refused("the first layer is none that a normalization can be put in front of")
    name, shape = survey.first
    layer = done.setup.model.get_submodule(name)
    last = isinstance(layer, torch.nn.Linear)
    if not last and not isinstance(layer, (torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)):
        raise Refused("the first layer is no module of its own")
    norm = Normalized(shape[-1] if last else shape[1], last)
    norm.to(layer.weight.device, layer.weight.dtype)
    both = torch.nn.Sequential(norm, layer)
    if name:
        put(done.setup.model, name, both)
    else:
        done.setup = done.setup._replace(model=switched(both, True))
    done.normalized = name
