"""Kernels drawn by another rule."""

from collections.abc import Callable
from typing import Any

import torch

from unstuck.changes.change import Value
from unstuck.frameworks.torch.changes.changed import Changed, kernels
from unstuck.frameworks.torch.logits import Refused
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.redrawn import seed_torch

VARIANCE, ROUNDS = 0.02, 5


def draw(done: Changed, rule: Value) -> None:
    seed_torch(done.seed, done.subject.device)
    layers = kernels(done.setup.model)
    if not layers:
        raise Refused("no dense or convolution layer is trainable")
    with torch.no_grad():
        for layer in layers:
            if rule == "glorot":
                torch.nn.init.xavier_uniform_(layer.weight)
            else:
                torch.nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                layer.bias.zero_()


def unit_variance(model: Any, forward: Callable[[], Any]) -> None:
    """Layer by layer, in the order they are called, to outputs of variance 1."""
    variance: dict[Any, float] = {}

    def seen(layer: Any, args: Any, output: Any) -> None:
        if layer not in variance:
            variance[layer] = float(output.detach().double().var())

    def measured() -> dict[Any, float]:
        variance.clear()
        forward()
        return dict(variance)

    training = {m: m.training for m in model.modules()}
    switched(model, False)
    hooks = [layer.register_forward_hook(seen) for layer in kernels(model)]
    try:
        for layer in measured():
            for _ in range(ROUNDS):
                value = measured()[layer]
                if not 0 < value < float("inf") or abs(value - 1) < VARIANCE:
                    break
                with torch.no_grad():
                    layer.weight /= value**0.5
    finally:
        for hook in hooks:
            hook.remove()
        for m, mode in training.items():
            m.training = mode
