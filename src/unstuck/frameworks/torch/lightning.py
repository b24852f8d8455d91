"""Lightning: a module's own training step and optimizer, looked at as a torch set-up.

The loss is what `training_step` returns, with logging switched off; the optimizer is the trainer's
if the module is being or has been trained, else what `configure_optimizers` makes. Learning-rate
schedules are left out. Limits: manual optimization cannot be looked at without `step`; of several
optimizers the first counts; hooks around the step are not called.
"""

import copy
import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from unstuck.errors import UsageError
from unstuck.frameworks.torch.assembled import TorchSubject, assembled, step_of
from unstuck.frameworks.torch.setup import first_line, is_optimizer, loss_of, maker, unwrapped
from unstuck.setups.subject import Given


def subject(model: Any, given: Given) -> TorchSubject:
    """A `LightningModule`.

    Args:
        model: its `training_step` and `configure_optimizers` are used, except where `given` has a
            loss, a step or an optimizer.
        given: `x` as for torch, a `LightningDataModule`, or None for the module's own
            `train_dataloader`.

    Raises:
        UsageError: manual optimization, or a step that needs a trainer.
    """
    model = unwrapped(model)
    given = replace(given, x=_data(model if given.x is None else given.x))
    own = given.step is None and given.loss is None
    if own and not model.automatic_optimization:
        raise UsageError(
            "the module steps its optimizers itself (automatic_optimization is False)",
            "a training_step that returns the loss",
            "diagnose(…, step=lambda model, batch: loss)",
        )
    trainer, fabric = getattr(model, "_trainer", None), getattr(model, "_fabric", None)
    optimizer = given.optimizer
    if optimizer is None and trainer is not None and trainer.optimizers:
        optimizer = trainer.optimizers[0]
    return assembled(
        model,
        given,
        _own_step if own else step_of(given.step),
        _configured if optimizer is None else maker(optimizer),
        None if own or given.step is not None else loss_of(given.loss),
        _disarmed,
        (trainer, fabric),
    )


def _own_step(model: Any, loss: Any, batch: Any) -> Any:
    names = inspect.signature(model.training_step).parameters
    result = model.training_step(batch, 0) if len(names) > 1 else model.training_step(batch)
    if result is None:
        raise UsageError("training_step returns None for this batch", "the loss")
    return result["loss"] if isinstance(result, Mapping) else result


def _configured(model: Any) -> Any:
    try:
        found = model.configure_optimizers()
    except Exception as error:
        raise UsageError(
            f"configure_optimizers fails: {first_line(error)}",
            "optimizers that can be made without a trainer",
            "diagnose(…, optimizer=torch.optim.Adam(model.parameters()))",
        ) from error
    while found is not None and not is_optimizer(found):
        # (optimizers, schedulers), a list of optimizers, or {"optimizer": …, "lr_scheduler": …}
        found = found["optimizer"] if isinstance(found, Mapping) else next(iter(found), None)
    return found


def _disarmed(model: Any) -> None:
    """Logging needs a trainer, and would write to it."""
    for name in ("log", "log_dict"):
        setattr(model, name, _nothing)


def _nothing(*args: Any, **kwargs: Any) -> None:
    pass


def _data(x: Any) -> Any:
    """The loader that a module or data module makes; anything else as it is."""
    if not hasattr(x, "train_dataloader"):
        return x
    source = copy.copy(x)  # what setup() stores must not reach the user's
    try:
        try:
            return source.train_dataloader()
        except AttributeError:  # not set up yet
            source.setup("fit")
            return source.train_dataloader()
    except Exception as error:
        raise UsageError(
            f"{type(x).__name__}.train_dataloader fails: {first_line(error)}",
            "data",
            "diagnose(model, loader), with the loader you train on",
        ) from error
