"""Hugging Face: `Trainer.train` is the training; it starts with its first step.

Its models compute the loss themselves, which hides their logits. Where the loss is the cross
entropy of the logits with `labels`, that is what is diagnosed; any other is only watched.
"""

from contextlib import AbstractContextManager
from typing import Any

import torch
from torch.nn import functional as F

from unstuck.frameworks.torch.apart import apart
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.setup import Setup, copied, seeded, unwrapped, without_hooks
from unstuck.frameworks.torch.watch import loops_of
from unstuck.frameworks.torch.watch.examples import check_can_be_read
from unstuck.frameworks.torch.watch.loops import Loops, Settings
from unstuck.frameworks.torch.watch.sampling import steps_an_epoch
from unstuck.setups.calls import computed
from unstuck.watching.methods import surround
from unstuck.watching.unseen import Unseen

AGREES = 1e-4  # relative; dropout is off where losses are compared


def install(trainings: Any) -> None:
    """Sees every `Trainer.train` from now on."""
    import transformers

    loops = loops_of(trainings)

    def train(original: Any, trainer: Any, args: Any, kwargs: Any) -> Any:
        if trainings.is_quiet:
            return original(trainer, *args, **kwargs)
        with belonging(loops, trainer):
            return original(trainer, *args, **kwargs)

    surround(transformers.Trainer, "train", train)


def belonging(loops: Loops, trainer: Any) -> AbstractContextManager[None]:
    """Steps within are those of one `train` of this trainer, or of what has as much of it as is
    read here: `args`, `model`, `callback_handler`, `compute_loss`."""

    def start(optimizer: Any) -> dict[str, Any]:
        return _arguments(trainer, optimizer)

    return loops.belonging(start, "transformers", lambda: _settings(trainer))


def _settings(trainer: Any) -> Settings:
    given = trainer.args
    mixed = "float16" if given.fp16 else "bfloat16" if given.bf16 else ""
    loader = trainer.callback_handler.train_dataloader
    epoch = steps_an_epoch({"x": loader}, given.gradient_accumulation_steps)
    return {"autocast": mixed, "accumulation": 1}, epoch  # which is in its batch size


def _arguments(trainer: Any, optimizer: Any) -> dict[str, Any]:
    model, loader = unwrapped(trainer.model), trainer.callback_handler.train_dataloader
    batch = _batch(loader)
    _check(trainer, model, batch)
    size = trainer.args.train_batch_size * trainer.args.gradient_accumulation_steps
    given = {"model": model, "x": loader, "optimizer": optimizer, "step": _step}
    return given | {"batch_size": size}


def _step(model: Any, batch: Any) -> Any:
    inputs = {k: v for k, v in batch.items() if k != "labels"}
    logits, labels = model(**inputs).logits, batch["labels"]
    if logits.ndim == 2 and logits.shape[1] == 1:
        return F.mse_loss(logits.squeeze(1), labels.to(logits.dtype))
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), labels.reshape(-1))


def _batch(loader: Any) -> Any:
    """The first examples as the loader puts them together, without drawing from its sampler."""
    check_can_be_read(loader)
    try:
        with apart(loader.dataset, loader.collate_fn) as (dataset, collate):
            return collate([dataset[i] for i in range(min(4, len(dataset)))])
    except TypeError:
        raise Unseen("its data set cannot be read by index") from None


def _check(trainer: Any, model: Any, batch: Any) -> None:
    """The loss as this file computes it must be the trainer's.

    Raises:
        Unseen: it is not.
    """
    if "labels" not in batch:
        raise Unseen("its batches have no labels")
    device = next(model.parameters()).device
    with seeded(device), torch.no_grad():
        copy = switched(copied(Setup(model, None, None)).model, False)
        without_hooks(copy)
        batch = {k: v.to(device) if hasattr(v, "to") else v for k, v in batch.items()}
        computed()
        theirs = float(trainer.compute_loss(copy, dict(batch)))
        computed()
        ours = float(_step(copy, batch))
    if abs(ours - theirs) > AGREES * max(abs(theirs), 1e-6):
        raise Unseen(f"its loss, {theirs:g}, is not the cross entropy of its logits, {ours:g}")
