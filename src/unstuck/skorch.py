"""skorch: `NeuralNetClassifier(…, callbacks=[unstuck.skorch.Watch()])`."""

from typing import Any

from skorch.callbacks import Callback

from unstuck.guards.hooks import Hooks
from unstuck.guards.watcher import Tell, WatchedReport


class Watch(Callback):  # type: ignore[misc]
    """Looks at a set-up before its first step, says how it trains, and can prove what it suspects.

    Args:
        stop: whether to end the training, as skorch's own early stopping does, once it has
            diverged, is stuck or dying.
        tell: called with what is seen: text, or a record. Default: on stderr.

    Attributes:
        state_: how it trains, by its own losses, with the numbers.
        report_: what was seen before the first step; `report_.prove()` decides.
    """

    def __init__(self, stop: bool = False, tell: Tell | None = None) -> None:
        self.stop, self.tell = stop, tell

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Watches this training."""
        from unstuck.frameworks.torch.watch.skorch import belonging

        self.hooks_ = Hooks(self.stop, self.tell)
        self.hooks_.on(lambda loops: belonging(loops, net, X, y))

    def on_batch_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Ends the training, where asked to."""
        if self.hooks_.should_stop:
            raise KeyboardInterrupt  # skorch's way to end a training and go on

    def on_train_end(self, net: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing is left of the hooks."""
        self.hooks_.off()

    def __getstate__(self) -> dict[str, Any]:
        """What was seen stays here: hooks and copies are not pickled with the net."""
        return {name: value for name, value in vars(self).items() if name != "hooks_"}

    @property
    def state_(self) -> str:
        """See the class."""
        return self.hooks_.state

    @property
    def report_(self) -> WatchedReport:
        """See the class."""
        return self.hooks_.report
