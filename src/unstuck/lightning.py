"""Lightning: `Trainer(callbacks=[unstuck.lightning.Watch()])`, of either of its packages."""

import sys
from typing import Any

from unstuck.guards.hooks import Hooks
from unstuck.guards.watcher import Tell, WatchedReport

if "pytorch_lightning" in sys.modules and "lightning.pytorch" not in sys.modules:
    from pytorch_lightning.callbacks import Callback
else:
    from lightning.pytorch.callbacks import Callback


class Watch(Callback):  # type: ignore[misc]
    """Looks at a set-up before its first step, says how it trains, and can prove what it suspects.

    Data, model and optimizers are the trainer's own.

    Args:
        stop: whether to set `trainer.should_stop` once it has diverged, is stuck or dying.
        tell: called with what is seen: text, or a record. Default: on stderr.

    Attributes:
        state: how it trains, by its own losses, with the numbers.
        report: what was seen before the first step; `report.prove()` decides.
    """

    def __init__(self, stop: bool = False, tell: Tell | None = None) -> None:
        super().__init__()
        self.stop = stop
        self._hooks = Hooks(stop, tell)

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Watches from before the optimizers are made."""
        if stage == "fit":
            from unstuck.frameworks.torch.watch.lightning import belonging

            self._hooks.on(lambda loops: belonging(loops, trainer))

    def on_train_batch_end(self, trainer: Any, *args: Any, **kwargs: Any) -> None:
        """Has the trainer stop, where asked to."""
        if self._hooks.should_stop:
            trainer.should_stop = True

    def teardown(self, trainer: Any, pl_module: Any, stage: str) -> None:
        """Nothing is left of the hooks."""
        if stage == "fit":
            self._hooks.off()

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:
        """The same, where the training fails."""
        self._hooks.off()

    @property
    def state(self) -> str:
        """See the class."""
        return self._hooks.state

    @property
    def report(self) -> WatchedReport:
        """See the class."""
        return self._hooks.report
