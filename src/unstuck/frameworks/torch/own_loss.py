"""A script's own mean loss as a function of outputs and targets alone."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from unstuck.frameworks.torch.setup import copied, seeded
from unstuck.frameworks.torch.survey import Survey
from unstuck.setups.subject import Floats

if TYPE_CHECKING:
    from unstuck.frameworks.torch.subject import TorchSubject

OwnLoss = Callable[[Floats, NDArray[Any]], float]


def own_loss(subject: "TorchSubject", survey: Survey) -> OwnLoss:
    """The loss of outputs (n, k) against targets; NaN where outputs alone do not give it.

    Targets of as many numbers as the output get its shape, so that a loss that broadcasts is one
    of n differences, whatever the script makes of it.

    A step that computes its loss itself is run on a copy of the model whose outermost module with
    that output gives the outputs asked about.
    """
    shape, axis = tuple(survey.output.shape), survey.class_axis()
    dtype, device = survey.output.dtype, subject.device
    setup = copied(subject.setup)
    name = None if subject.step is None else _gives(subject, survey)
    for parameter in setup.model.parameters():
        parameter.requires_grad_(False)

    def loss(output: Floats, y: NDArray[Any]) -> float:
        n = len(y)
        z = torch.as_tensor(_as_returned(output, (n, *shape[1:]), axis), dtype=dtype).to(device)
        z.requires_grad_()
        rows = np.zeros(n, np.int64)
        x = tuple(a[rows] for a in subject.sample.x)
        if y.size == z.numel():  # (n,) against (n, 1) would be n × n differences
            y = y.reshape(tuple(z.shape))
        try:
            with seeded(device):
                tensors = subject._tensors(x, y)
                if subject.step is None:
                    value = setup.loss(z, tensors[-1])
                elif name is None:
                    return float("nan")
                else:
                    setup.model.get_submodule(name).forward = lambda *args, **kwargs: z
                    value = subject._loss(setup, tensors)
                if not isinstance(value, torch.Tensor) or value.numel() != 1:
                    return float("nan")
                if not value.requires_grad:  # it is of something else than these outputs
                    return float("nan")
                return float(value.detach())
        except Exception:  # whatever a user's loss makes of such outputs
            return float("nan")

    return loss


def _as_returned(output: Floats, shape: tuple[int, ...], axis: int) -> Floats:
    """Rows (·, k) as the model returns them, (n, …)."""
    if len(shape) < 3:
        return output.reshape(shape)
    moved = np.moveaxis(np.empty(shape, np.bool_), axis, -1).shape
    return np.moveaxis(output.reshape(moved), -1, axis)


def _gives(subject: "TorchSubject", survey: Survey) -> str | None:
    """The outermost module that returns what a trace takes for the model's output."""
    setup = copied(subject.setup)
    found: list[str] = []

    def hook(name: str) -> Callable[[Any, Any, Any], None]:
        def seen(module: Any, args: Any, output: Any) -> None:
            alike = isinstance(output, torch.Tensor) and output.shape == survey.output.shape
            if alike and torch.equal(output.detach(), survey.output):
                found.append(name)

        return seen

    hooks = [m.register_forward_hook(hook(name)) for name, m in setup.model.named_modules()]
    try:
        with seeded(subject.device):
            subject._loss(setup, subject._tensors(*subject.first(2)))
    finally:
        for one in hooks:
            one.remove()
    return found[-1] if found else None
