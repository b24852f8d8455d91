"""Copies of a torch model, its optimizer and its loss, on which everything is computed."""

import copy
import inspect
import random
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.parameter import UninitializedBuffer
from torch.utils._pytree import tree_leaves

from unstuck.errors import UsageError
from unstuck.frameworks.torch.settings import check, raised
from unstuck.names import meant
from unstuck.setups.untouched import untouched

# Classes that wrap a model, and where they keep it.
_WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}
_HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
)


class Setup(NamedTuple):
    """What a training step changes or reads."""

    model: Any
    optimizer: Any  # None if there is none
    loss: Any  # a module or a function; None where a step computes it


def unwrapped(model: Any) -> Any:
    """The module behind torch.compile or a parallel wrapper."""
    while type(model).__name__ in _WRAPPERS:
        model = getattr(model, _WRAPPERS[type(model).__name__])
    return model


def copied(setup: Setup, left_out: tuple[Any, ...] = ()) -> Setup:
    """A copy whose optimizer holds the copied parameters, with its rates after warming up.

    Args:
        left_out: objects that the model refers to and that become None in the copy.

    Raises:
        UsageError: something in there cannot be copied.
    """
    memo: dict[int, Any] = {id(part): None for part in left_out if part is not None}
    modules = [p for p in (setup.model, setup.loss) if isinstance(p, torch.nn.Module)]
    for module in (m for root in modules for m in root.modules()):
        for value in tree_leaves(vars(module)):
            # Buffers of lazy layers refuse to be copied, and so do activations that a module keeps
            # from its last forward pass.
            if isinstance(value, UninitializedBuffer):
                memo[id(value)] = UninitializedBuffer(False, value.device)
            elif isinstance(value, torch.Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    try:
        made = copy.deepcopy(setup, memo)
    except Exception as error:
        raise UsageError(
            f"the model cannot be copied: {first_line(error)}",
            "a model, optimizer and loss that copy.deepcopy can copy",
            "everything is computed on a copy, so that yours stays as it is; remove what cannot"
            " be copied (open files, locks, generators) from the model's attributes",
        ) from error
    raised(made.optimizer)
    return made


def without_hooks(model: Any) -> bool:
    """Takes the user's hooks off a copy, which would act on the user's objects; torch's own stay.

    Returns:
        whether there were any.
    """
    found = False
    for module in model.modules():
        vars(module).pop("_compiled_call_impl", None)
        for kind in _HOOKS:
            hooks = getattr(module, kind, None) or {}
            for key, hook in list(hooks.items()):
                if not str(getattr(hook, "__module__", "")).startswith("torch."):
                    del hooks[key]
                    found = True
    return found


def device_of(model: Any) -> Any:
    """The device of all parameters and buffers.

    Raises:
        UsageError: several, none that holds numbers, or no parameters at all.
    """
    if not any(True for _ in model.parameters()):
        raise UsageError("the model has no parameters", "a module with layers to train")
    found = {t.device for t in (*model.parameters(), *model.buffers())}
    if any(d.type == "meta" for d in found):
        raise UsageError(
            'the model is on the device "meta", which holds no numbers',
            "a model with weights",
            'model.to_empty(device="cpu"), then initialise or load the weights',
        )
    if len(found) > 1:
        raise UsageError(
            f"the model is on several devices: {', '.join(sorted(map(str, found)))}",
            "all of it on one",
            "move a smaller copy to one device with model.to(device)",
        )
    return found.pop()


def loss_of(loss: Any) -> Any:
    """The loss as something to call with (output, targets).

    Args:
        loss: a module, its class, a function, or a name such as "cross_entropy" or "mse".

    Raises:
        UsageError: none, or a name that torch does not know.
    """
    if loss is None:
        raise UsageError(
            "no loss was given",
            "loss=torch.nn.CrossEntropyLoss(), or any other function (output, y) ↦ loss",
            "for loops that are not loss(model(x), y), step=lambda model, batch: loss",
        )
    if isinstance(loss, str):
        functions = torch.nn.functional
        for name in (loss, f"{loss}_loss"):
            if callable(getattr(functions, name, None)):
                return getattr(functions, name)
        if inspect.isclass(getattr(torch.nn, loss, None)):
            return getattr(torch.nn, loss)()
        known = [n for n in dir(torch.nn) if n.endswith("Loss")] + ["cross_entropy", "mse", "l1"]
        raise UsageError(
            f"unknown loss {loss!r}",
            "a loss of torch.nn or torch.nn.functional",
            meant(loss, known),
        )
    if inspect.isclass(loss) and issubclass(loss, torch.nn.Module):
        return loss()
    if not callable(loss):
        raise UsageError(f"the loss is a {type(loss).__name__}", "a function (output, y) ↦ loss")
    return loss


def loss_name(loss: Any) -> str:
    """How a loss is called; "" for lambdas and partial functions."""
    if isinstance(loss, torch.nn.Module):
        return type(loss).__name__
    name = str(getattr(loss, "__name__", ""))
    return "" if name.startswith("<") else name


def is_optimizer(optimizer: Any) -> bool:
    """Whether this is a made optimizer, of torch or alike."""
    return hasattr(optimizer, "param_groups") and hasattr(type(optimizer), "step")


def maker(optimizer: Any) -> Any:
    """An optimizer that is made or None as it is; anything else as a function model ↦ optimizer.

    Args:
        optimizer: also a class, a function parameters ↦ optimizer, or a name such as "adam".

    Raises:
        UsageError: an unknown name, nothing that makes an optimizer, or one with a setting of
            another type.
    """
    if optimizer is None:
        return None
    if is_optimizer(optimizer):
        made = getattr(optimizer, "optimizer", optimizer)  # Lightning and others wrap it
        check(made)
        return made
    if isinstance(optimizer, str):
        known = {n.lower(): n for n in dir(torch.optim) if inspect.isclass(getattr(torch.optim, n))}
        if optimizer.lower() not in known:
            raise UsageError(
                f"unknown optimizer {optimizer!r}",
                "an optimizer of torch.optim",
                meant(optimizer, known),
            )
        optimizer = getattr(torch.optim, known[optimizer.lower()])
    if not callable(optimizer):
        raise UsageError(
            f"the optimizer is a {type(optimizer).__name__}",
            "torch.optim.Adam(model.parameters()), or a function parameters ↦ optimizer",
        )

    def make(model: Any) -> Any:
        try:
            made = optimizer(model.parameters())
        except Exception as error:
            raise UsageError(
                f"the optimizer cannot be made: {first_line(error)}",
                "a function parameters ↦ optimizer, or an optimizer that is already made",
            ) from error
        if not is_optimizer(made):
            raise UsageError(
                f"the optimizer's function gave a {type(made).__name__}",
                "a function parameters ↦ optimizer, such as torch.optim.Adam",
            )
        check(made)
        return made

    return make


def stepped(optimizer: Any) -> str:
    """Takes one step on a copy; returns why it cannot be taken, "" if it was."""
    step = type(optimizer).step
    closure = inspect.signature(step).parameters.get("closure")
    name = type(optimizer).__name__
    if closure is not None and closure.default is inspect.Parameter.empty:
        return f"{name} computes the loss several times a step: its update is not seen"
    try:
        step(optimizer)
    except Exception as error:
        return f"{name} cannot take a step on a copy, so its update is not seen: " + first_line(
            error
        )
    return ""


@contextmanager
def seeded(device: Any) -> Iterator[None]:
    """Gradients on, warnings off, every random state the same; all of them put back after."""
    with (
        untouched(),
        warnings.catch_warnings(),
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autograd.set_detect_anomaly(False),  # a trial may end at NaN
    ):
        warnings.simplefilter("ignore")
        random.seed(0)
        np.random.seed(0)
        # Not torch.manual_seed: before CUDA is used that would seed its later start as well.
        torch.random.default_generator.manual_seed(0)
        if device.type == "cuda":
            torch.cuda.manual_seed_all(0)
        yield


@contextmanager
def twice_differentiable() -> Iterator[None]:
    """The kernels of attention and recurrent layers that can be differentiated twice."""
    kernels = torch.nn.attention
    with kernels.sdpa_kernel(kernels.SDPBackend.MATH), torch.backends.cudnn.flags(enabled=False):
        yield


def first_line(error: BaseException) -> str:
    """Of an error's own message; its class if it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
