"""Lightning: `Trainer.fit` is the training; it starts with its first step.

By then the trainer has its loaders and optimizers, so that nothing of the user's runs twice.
"""

import sys
from typing import Any

from torch.utils.data import DataLoader

from unstuck.frameworks.torch.watch import loops_of
from unstuck.frameworks.torch.watch.examples import check_can_be_read
from unstuck.frameworks.torch.watch.recipe import Unseen
from unstuck.watching.methods import surround


def install(trainings: Any) -> None:
    """Sees every `Trainer.fit` from now on, of whichever of its packages is imported."""
    loops = loops_of(trainings)

    def fit(original: Any, trainer: Any, args: Any, kwargs: Any) -> Any:
        if trainings.is_quiet:
            return original(trainer, *args, **kwargs)

        def start(optimizer: Any) -> dict[str, Any]:
            x = trainer.train_dataloader
            if not isinstance(x, (DataLoader, list, tuple, dict)):
                raise Unseen(f"its data are a {type(x).__name__}, which only the script may read")
            check_can_be_read(x)
            return {"model": trainer.lightning_module, "x": x, "optimizer": optimizer}

        with loops.belonging(start, "lightning"):
            return original(trainer, *args, **kwargs)

    for name in ("lightning.pytorch", "pytorch_lightning"):
        trainer = getattr(sys.modules.get(name), "Trainer", None)
        if trainer is not None:
            surround(trainer, "fit", fit)
