"""Hugging Face: `Trainer(…, callbacks=[unstuck.transformers.Watch()])`."""

from types import SimpleNamespace
from typing import Any

from transformers import TrainerCallback

from unstuck.guards.hooks import Hooks
from unstuck.guards.watcher import Tell, WatchedReport


class Watch(TrainerCallback):  # type: ignore[misc]
    """Looks at a set-up before its first step, says how it trains, and can prove what it suspects.

    A callback is not shown the trainer: what is looked at is the model's own loss, and a
    `compute_loss` of the trainer's is not seen.

    Args:
        stop: whether to set `control.should_training_stop` once it has diverged, is stuck or dying.
        tell: called with what is seen: text, or a record. Default: on stderr.

    Attributes:
        state: how it trains, by its own losses, with the numbers.
        report: what was seen before the first step; `report.prove()` decides.
    """

    def __init__(self, stop: bool = False, tell: Tell | None = None) -> None:
        self._hooks = Hooks(stop, tell)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Watches this training."""
        from unstuck.frameworks.torch.watch.transformers import belonging

        trainer = SimpleNamespace(
            args=args,
            model=kwargs["model"],
            callback_handler=SimpleNamespace(train_dataloader=kwargs["train_dataloader"]),
            compute_loss=lambda model, inputs: model(**inputs).loss,
        )
        self._hooks.on(lambda loops: belonging(loops, trainer))

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Has the trainer stop, where asked to."""
        if self._hooks.should_stop:
            control.should_training_stop = True

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Nothing is left of the hooks."""
        self._hooks.off()

    @property
    def state(self) -> str:
        """See the class."""
        return self._hooks.state

    @property
    def report(self) -> WatchedReport:
        """See the class."""
        return self._hooks.report
