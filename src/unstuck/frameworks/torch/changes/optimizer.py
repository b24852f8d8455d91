"""What the optimizer holds, and its numbers."""

from typing import Any

import torch

from unstuck.changes.change import Value
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.containers import plain_lists
from unstuck.frameworks.torch.logits import Refused
from unstuck.frameworks.torch.setup import Setup

RATES = {"adam": 1e-3, "sgd": 1e-2}


def parameters_of(setup: Setup) -> list[Any]:
    """All parameters of a copy: its model's, those of layers in plain lists, its loss's."""
    modules = [setup.model, *plain_lists(setup.model)]
    if isinstance(setup.loss, torch.nn.Module):
        modules.append(setup.loss)
    return list(dict.fromkeys(p for m in modules for p in m.parameters()))


def reached(loss: Any) -> list[Any]:
    """The leaves that a loss's graph reaches."""
    todo, seen, leaves = [loss.grad_fn], set(), []
    while todo:
        node = todo.pop()
        if node is not None and node not in seen:
            seen.add(node)
            if hasattr(node, "variable"):
                leaves.append(node.variable)
            todo += [following for following, _ in node.next_functions]
    return leaves


def hold(done: Changed, _: Value) -> None:
    own = parameters_of(done.setup)
    known = {id(p) for p in own}
    loss = done.forward(done.setup, done.step)
    if any(id(p) not in known for p in reached(loss)):
        raise Refused("the loss reads parameters that are no part of the model")
    own = [p for p in own if p.is_floating_point()]
    for p in own:
        p.requires_grad_(True)
    if done.setup.optimizer is None:
        return
    groups = done.groups
    for group in groups:  # what is held of another model is of no use
        group["params"] = [p for p in group["params"] if id(p) in known]
    held = {id(p) for group in groups for p in group["params"]}
    groups[0]["params"] += [p for p in own if id(p) not in held]


def optimize(done: Changed, name: Value) -> None:
    held = [p for p in done.setup.model.parameters() if p.requires_grad]
    if done.setup.optimizer is not None:
        held = [p for group in done.groups for p in group["params"]]
    kind = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[str(name)]
    done.setup = done.setup._replace(optimizer=kind(held, lr=RATES[str(name)]))


def _group_value(done: Changed, key: str, what: str) -> list[dict[str, Any]]:
    if not all(key in group for group in done.groups):
        raise Refused(f"{type(done.setup.optimizer).__name__} has no {what}")
    return done.groups


def rate(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    for group in _group_value(done, "lr", "learning rate"):
        group["lr"] = group["lr"] * factor


def epsilon(done: Changed, epsilon: Value) -> None:
    for group in _group_value(done, "eps", "ε"):
        group["eps"] = epsilon


def penalty(done: Changed, factor: Value) -> None:
    assert isinstance(factor, float | int)
    own = done.subject.setup.optimizer
    if own is None or not any(group.get("weight_decay") for group in own.param_groups):
        raise Refused("there is no weight decay")
    for group in _group_value(done, "weight_decay", "weight decay"):  # 0 of another optimizer
        group["weight_decay"] *= factor
