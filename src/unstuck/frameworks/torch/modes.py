"""Training and evaluation mode of modules whose class calls something else `train`."""

import inspect
from typing import Any

import torch


def switched(module: Any, training: bool) -> Any:
    """The module itself, in training or in evaluation mode, by its class's own `train(mode)`.

    A class whose `train` is another function (often the training itself) is not asked: the flags
    of its modules are set as `torch.nn.Module.train` would.
    """
    own = type(module).train
    if own is not torch.nn.Module.train and _takes_mode(own):
        module.train(training)
        return module
    module.training = training
    for child in module.children():
        switched(child, training)
    return module


def _takes_mode(train: Any) -> bool:
    """Whether a `train` takes what `torch.nn.Module.train` takes: nothing, or a mode."""
    _, *parameters = inspect.signature(train).parameters.values()
    return len(parameters) == 1 and (parameters[0].name == "mode" or parameters[0].default is True)
