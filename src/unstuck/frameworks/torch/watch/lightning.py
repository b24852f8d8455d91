"""Lightning: `Trainer.fit` is the training; it starts with its first step.

By then the trainer has its loaders and optimizers, so that nothing of the user's runs twice. Where
its module steps its optimizers itself, that is a loop like any that is written by hand.
"""

import sys
from contextlib import AbstractContextManager
from typing import Any

from torch.utils.data import DataLoader

from unstuck.frameworks.torch.watch import loops_of
from unstuck.frameworks.torch.watch.examples import check_can_be_read
from unstuck.frameworks.torch.watch.loops import Loops, Settings
from unstuck.frameworks.torch.watch.sampling import steps_an_epoch
from unstuck.watching.methods import surround
from unstuck.watching.unseen import Unseen

_MIXED = {"16-mixed": "float16", "bf16-mixed": "bfloat16"}


def install(trainings: Any) -> None:
    """Sees every `Trainer.fit` from now on, of whichever of its packages is imported."""
    loops = loops_of(trainings)

    def fit(original: Any, trainer: Any, args: Any, kwargs: Any) -> Any:
        model = args[0] if args else kwargs.get("model")
        if trainings.is_quiet or not getattr(model, "automatic_optimization", True):
            return original(trainer, *args, **kwargs)  # a loop that the script writes by hand
        with belonging(loops, trainer):
            return original(trainer, *args, **kwargs)

    for name in ("lightning.pytorch", "pytorch_lightning"):
        trainer = getattr(sys.modules.get(name), "Trainer", None)
        if trainer is not None:
            surround(trainer, "fit", fit)


def belonging(loops: Loops, trainer: Any) -> AbstractContextManager[None]:
    """Steps within are those of one `fit` of this trainer."""

    def start(optimizer: Any) -> dict[str, Any]:
        x = trainer.train_dataloader
        if not isinstance(x, (DataLoader, list, tuple, dict)):
            raise Unseen(f"its data are a {type(x).__name__}, which only the script may read")
        check_can_be_read(x)
        return {"model": trainer.lightning_module, "x": x, "optimizer": optimizer}

    def settings() -> Settings:
        x, batches = trainer.train_dataloader, trainer.accumulate_grad_batches
        epoch = steps_an_epoch({"x": x}, batches) if isinstance(x, DataLoader) else 0.0
        return {"autocast": _MIXED.get(str(trainer.precision), "")}, epoch

    return loops.belonging(start, "lightning", settings)
