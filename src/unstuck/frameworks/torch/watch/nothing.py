"""The loss of knowing nothing: of the best constant answer, for these targets and this loss.

It is fitted, not looked up, so that weights, smoothing, quantiles and `ignore_index` count as the
script has them.
"""

from collections.abc import Callable
from typing import Any

import torch

from unstuck.frameworks.torch.functions import spread

ROWS = 4096  # targets that it is fitted to, at most
ENOUGH = 20  # targets an output unit, fewer of which a constant would fit by chance
STEPS = 60  # of L-BFGS
_CLOSE = 1e-3


def knowing_nothing(
    loss: Callable[[Any, Any], Any], output: Any, targets: Any, whole: bool
) -> float | None:
    """The loss of the best constant answer.

    Args:
        loss: (output, targets) ↦ the mean loss.
        output: (n, …) of the model for a batch, which tells what kind of numbers it answers.
        targets: (m, …) as the loss gets them.
        whole: whether they are all there are, or drawn from all; of one batch too few are no
            measure.

    Returns:
        None where it cannot be told.
    """
    if not isinstance(output, torch.Tensor) or not output.is_floating_point() or not output.ndim:
        return None
    if len(targets) > ROWS:
        targets = targets[spread(len(targets), ROWS)]
    shape = output.shape[1:]
    units = shape[-1] if shape else 1
    if not whole and targets.numel() < ENOUGH * units:
        return None
    answers = _answers(output.detach())
    targets = targets.detach().to(output.device)
    with torch.enable_grad():
        numbers = torch.zeros(shape, device=output.device, requires_grad=True)
        optimizer = torch.optim.LBFGS([numbers], max_iter=STEPS, line_search_fn="strong_wolfe")

        def value() -> Any:
            constant = answers(numbers).to(output.dtype)
            return loss(constant.expand(len(targets), *shape).contiguous(), targets)

        def closure() -> Any:
            optimizer.zero_grad()
            found = value()
            found.backward()
            return found

        optimizer.step(closure)
        with torch.no_grad():
            found = float(value())
    return found if found == found and abs(found) != float("inf") else None


def _answers(output: Any) -> Callable[[Any], Any]:
    """Free numbers ↦ an answer of the kind that the model gives: probabilities, their logarithms,
    or any numbers."""
    if output.ndim > 1 and output.shape[1] > 1:
        for axis in {1, output.ndim - 1}:
            if bool((output >= 0).all()) and _is_one(output.sum(axis)):
                return lambda numbers: torch.softmax(numbers, axis - 1)
            if bool((output <= 0).all()) and _is_one(output.exp().sum(axis)):
                return lambda numbers: torch.log_softmax(numbers, axis - 1)
    if bool(((output > 0) & (output < 1)).all()):
        return lambda numbers: torch.sigmoid(numbers)
    return lambda numbers: numbers


def _is_one(sums: Any) -> bool:
    return bool(((sums - 1).abs() < _CLOSE).all())
