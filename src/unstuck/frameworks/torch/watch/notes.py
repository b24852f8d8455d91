"""What else a script calls around its steps: clipping, scaling of losses, states put back, and
gradients that it is handed out.

Each function puts something around torch's own and yields what takes it off again.
"""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.optim import optimizer as optimizers

from unstuck.frameworks.torch.watch.follower import Clipping
from unstuck.watching.standing import Undo, is_by_user, put


def see_clipping(note: Callable[[Clipping], None]) -> Iterator[Undo]:
    """Notes the clipping of gradients by torch's two functions, which libraries use too."""
    for how in ("norm", "value"):
        for module in (torch.nn.utils, torch.nn.utils.clip_grad):
            yield put(module, f"clip_grad_{how}_", functools.partial(_clip, how, note))


def _clip(how: str, note: Callable[[Clipping], None], original: Any) -> Any:
    signature = inspect.signature(original)
    most = "max_norm" if how == "norm" else "clip_value"

    def clip(*args: Any, **kwargs: Any) -> Any:
        clipped = original(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        note((how, float(given[most]), float(given.get("norm_type", 2.0))))
        return clipped

    return clip


def see_scaling(note: Callable[[Any, Any], None]) -> Iterator[Undo]:
    """Notes what a GradScaler scales: (the scaled loss, the loss as it is)."""

    def made(original: Any) -> Any:
        def scale(scaler: Any, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if isinstance(outputs, torch.Tensor) and scaler.is_enabled():
                note(scaled, outputs)
            return scaled

        return scale

    yield put(torch.amp.GradScaler, "scale", made)


def see_made(note: Callable[[Any], None]) -> Iterator[Undo]:
    """Notes optimizers that are made."""

    def made(original: Any) -> Any:
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            note(optimizer)

        return __init__

    yield put(optimizers.Optimizer, "__init__", made)


def see_loading(note: Callable[[Any], None]) -> Iterator[Undo]:
    """Notes optimizers whose state is put back."""

    def made(original: Any) -> Any:
        def load_state_dict(optimizer: Any, *args: Any, **kwargs: Any) -> Any:
            note(optimizer)
            return original(optimizer, *args, **kwargs)

        return load_state_dict

    yield put(optimizers.Optimizer, "load_state_dict", made)


def see_gradients(note: Callable[[Any, dict[int, Any], bool], None]) -> Iterator[Undo]:
    """Notes losses that the script hands to `torch.autograd.grad` for gradients of tensors of its
    own: (loss, None by the ids of those, False) before, and (loss, gradients, True) after."""

    def made(original: Any) -> Any:
        def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
            several = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
            if (
                not is_by_user()
                or kwargs.get("create_graph")
                or not all(isinstance(t, torch.Tensor) and t.is_leaf for t in several)
            ):
                return original(outputs, inputs, *args, **kwargs)
            note(outputs, dict.fromkeys(map(id, several)), False)
            found = original(outputs, inputs, *args, **kwargs)
            note(outputs, dict(zip(map(id, several), found, strict=True)), True)
            return found

        return grad

    yield put(torch.autograd, "grad", made)
