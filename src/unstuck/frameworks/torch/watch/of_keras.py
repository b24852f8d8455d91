"""Keras models that a PyTorch loop trains, on that backend: its loss and optimizer as Keras's."""

import sys
from typing import Any

import torch

from unstuck.watching import rows
from unstuck.watching.unseen import Unseen


def is_of_keras(model: Any) -> bool:
    """Whether a module is a model of Keras's."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(model, keras.Model)


def optimizer_in_reach(model: Any) -> Any:
    """An optimizer of Keras's that the script holds, for a model of Keras's; None if there is none,
    or several."""
    if not is_of_keras(model):
        return None
    kind = sys.modules["keras"].optimizers.Optimizer
    found = {id(value): value for value in rows.values() if isinstance(value, kind)}
    return next(iter(found.values())) if len(found) == 1 else None


def loss_of(value: float, output: Any, target: Any) -> Any:
    """The loss of Keras's that gives the value of the script's.

    Raises:
        Unseen: none does.
    """
    from unstuck.frameworks.keras import written_losses

    y = target.detach().cpu().numpy()
    return written_losses.loss_of((value,), output.detach().cpu().numpy(), [y])[0]


def arrays_of(given: dict[str, Any]) -> dict[str, Any]:
    """Data as Keras takes them: the arrays of a loader's `TensorDataset`, which can be changed.

    Args:
        given: x, y, batch size and order, as far as they were seen.
    """
    loader, kinds = given["x"], torch.utils.data
    dataset: Any = getattr(loader, "dataset", None)
    if type(dataset) is not kinds.TensorDataset or len(dataset.tensors) != 2 or "y" in given:
        return given
    orders = (kinds.RandomSampler, kinds.SequentialSampler)
    if type(loader.sampler) not in orders or loader.collate_fn is not kinds.default_collate:
        return given
    x, y = (t.detach().cpu().numpy() for t in dataset.tensors)
    drawn = type(loader.sampler) is kinds.RandomSampler
    return {"x": x, "y": y, "batch_size": loader.batch_size, "shuffle": drawn} | {
        name: value for name, value in given.items() if name != "x"
    }


def optimizer_of(optimizer: Any) -> Any:
    """The optimizer of Keras's with the settings of one of PyTorch's.

    Raises:
        Unseen: there is none.
    """
    import keras

    made = keras.optimizers
    (group, *others) = optimizer.param_groups
    rate, decay = float(group["lr"]), group.get("weight_decay", 0) or None
    kind = type(optimizer)
    if kind is torch.optim.SGD and not others and decay is None and not group["dampening"]:
        return made.SGD(rate, float(group["momentum"]), group["nesterov"])
    if kind in (torch.optim.Adam, torch.optim.AdamW) and not others and not group["amsgrad"]:
        betas = {"beta_1": group["betas"][0], "beta_2": group["betas"][1], "epsilon": group["eps"]}
        if kind is torch.optim.AdamW:
            return made.AdamW(rate, decay or 0.0, **betas)
        if decay is None:
            return made.Adam(rate, **betas)
    raise Unseen(f"its model is Keras's, which has no optimizer like this {kind.__name__}")
