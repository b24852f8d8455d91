"""What else a script calls around its steps: clipping, scaling of losses, states put back, and
gradients that it is handed out.

Each function puts something around torch's own and yields what takes it off again.
"""

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.optim import optimizer as optimizers

from unstuck.frameworks.torch.watch.follower import Clipping
from unstuck.watching.place import is_users

Undo = Callable[[], Any]


def see_clipping(note: Callable[[Clipping], None]) -> Iterator[Undo]:
    """Notes the clipping of gradients by torch's two functions, which libraries use too."""
    for how in ("norm", "value"):
        name = f"clip_grad_{how}_"
        original = getattr(torch.nn.utils, name)
        clip = _clip(how, original, note)
        for module in (torch.nn.utils, torch.nn.utils.clip_grad):
            setattr(module, name, clip)
            yield functools.partial(setattr, module, name, original)


def _clip(how: str, original: Any, note: Callable[[Clipping], None]) -> Any:
    signature = inspect.signature(original)
    most = "max_norm" if how == "norm" else "clip_value"

    @functools.wraps(original)
    def clip(*args: Any, **kwargs: Any) -> Any:
        clipped = original(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        note((how, float(given[most]), float(given.get("norm_type", 2.0))))
        return clipped

    return clip


def see_scaling(note: Callable[[Any, Any], None]) -> Iterator[Undo]:
    """Notes what a GradScaler scales: (the scaled loss, the loss as it is)."""
    kind, original = torch.amp.GradScaler, torch.amp.GradScaler.scale

    @functools.wraps(original)
    def scale(scaler: Any, outputs: Any) -> Any:
        scaled = original(scaler, outputs)
        if isinstance(outputs, torch.Tensor) and scaler.is_enabled():
            note(scaled, outputs)
        return scaled

    kind.scale = scale
    yield lambda: setattr(kind, "scale", original)


def see_loading(note: Callable[[Any], None]) -> Iterator[Undo]:
    """Notes optimizers whose state is put back."""
    kind, original = optimizers.Optimizer, optimizers.Optimizer.load_state_dict

    @functools.wraps(original)
    def load_state_dict(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        note(optimizer)
        return original(optimizer, *args, **kwargs)

    kind.load_state_dict = load_state_dict
    yield lambda: setattr(kind, "load_state_dict", original)


def see_gradients(note: Callable[[Any, dict[int, Any], bool], None]) -> Iterator[Undo]:
    """Notes losses that the script hands to `torch.autograd.grad` for gradients of tensors of its
    own: (loss, None by the ids of those, False) before, and (loss, gradients, True) after."""
    original = torch.autograd.grad

    @functools.wraps(original)
    def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        several = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
        if (
            not is_users(sys._getframe(1).f_code.co_filename)
            or kwargs.get("create_graph")
            or not all(isinstance(t, torch.Tensor) and t.is_leaf for t in several)
        ):
            return original(outputs, inputs, *args, **kwargs)
        note(outputs, dict.fromkeys(map(id, several)), False)
        found = original(outputs, inputs, *args, **kwargs)
        note(outputs, dict(zip(map(id, several), found, strict=True)), True)
        return found

    torch.autograd.grad = grad
    yield lambda: setattr(torch.autograd, "grad", original)
