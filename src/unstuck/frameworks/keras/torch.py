"""Differentiation of a Keras model on the torch backend."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import torch

from unstuck.frameworks.keras.network import Look, Network
from unstuck.frameworks.keras.optimizer import Step
from unstuck.frameworks.keras.tensors import tensor, tensors
from unstuck.setups.subject import Floats


class Backend:
    """One network on the torch backend: everything runs eagerly, as in `fit`."""

    def __init__(self, network: Network, step: Step | None) -> None:
        self.network, self.step = network, step

    def inspect(self, x: Any) -> None:
        """Finds the layers, on two examples."""
        self.forward([a[:2] for a in x])

    def forward(self, x: Any) -> dict[str, Any]:
        """What is seen without a loss."""
        with torch.no_grad():
            seen: dict[str, Any] = self._run(self._leaves(), tensors(x), None, with_loss=False)[1]
        return seen

    def look(self, x: Any, y: Any) -> Look:
        """The loss, what was seen, gradients, and the same after one step."""
        network = self.network
        values = self._leaves()
        with torch.enable_grad():
            loss, seen = self._run(values, tensors(x), tensor(y))
            logits = seen.pop("logits_tensor")
            *gradients, at_logits = _slopes(loss, [*values, logits])
        gradients = [None if g is None else g / network.scale for g in gradients]
        result = {"seen": seen, "gradients": gradients, "at_logits": at_logits}
        if self.step is not None:
            with torch.no_grad():
                held = network.held
                new = self.step.eager([gradients[i] for i in held], [values[i] for i in held])
                after = list(values)
                for i, value in zip(held, new, strict=True):
                    after[i] = value.detach().clone()
                _, later = self._run(after, tensors(x), tensor(y), watch=False)
                result |= {"after": after, "loss_after": later["loss"]}
                result |= {"output_after": later["output"]}
        return Look(**keras.tree.map_structure(_array, result))

    def gradient(self, x: Any, y: Any) -> Floats:
        """Flat, over the held parameters."""
        values = self._leaves()
        with torch.enable_grad():
            flat: Floats = _array(self._gradient(values, tensors(x), tensor(y), create_graph=False))
        return flat

    def hessian_product(self, x: Any, y: Any) -> Callable[[Floats], Floats]:
        """v ↦ Hessian times v: the gradient's graph is kept and walked once a product."""
        values = self._leaves()
        held = [values[i] for i in self.network.held]
        with torch.enable_grad():
            gradient = self._gradient(values, tensors(x), tensor(y), create_graph=True)

        def product(v: Floats) -> Floats:
            direction = torch.as_tensor(np.asarray(v, np.float32), device=gradient.device)
            if not gradient.requires_grad:
                return np.zeros(len(v), np.float32)
            slopes = torch.autograd.grad(
                gradient, held, direction, retain_graph=True, allow_unused=True
            )
            along: Floats = _array(_flat(slopes, held))
            return along

        return product

    def _gradient(self, values: Any, x: Any, y: Any, create_graph: bool) -> Any:
        loss, _ = self._run(values, x, y, watch=False)
        held = [values[i] for i in self.network.held]
        slopes = _slopes(loss, held, create_graph=create_graph)
        return _flat(slopes, held) / self.network.scale

    def _run(self, values: Any, x: Any, y: Any, **how: Any) -> Any:
        """Some layers draw from torch's own random state, which is seeded for the call."""
        devices = [torch.cuda.current_device()] if torch.cuda.is_initialized() else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(0)
            return self.network.run(values, None, x, y, **how)

    def _leaves(self) -> list[Any]:
        return [v.value.detach().requires_grad_() for v in self.network.variables]


def _slopes(loss: Any, of: list[Any], **options: Any) -> list[Any]:
    """Gradients; None where the loss does not depend on it."""
    reached = [t is not None and t.requires_grad for t in of]
    wanted = [t for t, yes in zip(of, reached, strict=True) if yes]
    if not loss.requires_grad or not wanted:
        return [None] * len(of)
    found = iter(torch.autograd.grad(loss, wanted, allow_unused=True, **options))
    return [next(found) if yes else None for yes in reached]


def _flat(parts: Any, like: list[Any]) -> Any:
    return torch.cat(
        [
            (torch.zeros_like(t) if p is None else p).reshape(-1).float()
            for p, t in zip(parts, like, strict=True)
        ]
    )


def _array(value: Any) -> Any:
    return keras.ops.convert_to_numpy(value) if torch.is_tensor(value) else value
