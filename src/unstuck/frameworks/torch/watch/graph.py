"""The leaves of a loss's autograd graph: the parameters that it depends on."""

from typing import Any

import torch

MOST = 100_000  # nodes; a larger graph is not gone through


def leaves(loss: Any) -> list[Any]:
    """Tensors that require a gradient and that the loss depends on; none of a graph too large."""
    if loss.grad_fn is None:
        return [loss] if loss.requires_grad else []
    found, seen, open_ = [], {loss.grad_fn}, [loss.grad_fn]
    while open_:
        node = open_.pop()
        variable = getattr(node, "variable", None)
        if variable is not None:
            found.append(variable)
        for follows, _ in node.next_functions:
            if follows is not None and follows not in seen:
                seen.add(follows)
                open_.append(follows)
        if len(seen) > MOST:
            return []
    return found


def parameters(loss: Any) -> list[Any]:
    """Those of the leaves that are parameters of modules."""
    return [leaf for leaf in leaves(loss) if isinstance(leaf, torch.nn.Parameter)]


def single(tensors: Any) -> Any:
    """The one tensor of one number that was differentiated; None if it was anything else."""
    if isinstance(tensors, (tuple, list)) and len(tensors) == 1:
        tensors = tensors[0]
    return tensors if isinstance(tensors, torch.Tensor) and tensors.numel() == 1 else None
