"""Keras: `model.fit(x, y, callbacks=[unstuck.keras.Watch(x, y)])`."""

from typing import Any

import keras

from unstuck.frameworks.keras.rates import Around
from unstuck.guards.watcher import Tell, WatchedReport, Watcher
from unstuck.watching.trainings import Training


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at a set-up before its first step, says how it trains, and can prove what it suspects.

    Args:
        x, y: what `fit` is given: arrays or tensors, or a data set that yields (x, y) in x.
        validation_data: what `fit` is given, if anything.
        batch_size: what `fit` is given. Default: what its number of steps says.
        stop: whether to set `model.stop_training` once it has diverged, is stuck or dying.
        tell: called with what is seen: text, or a record. Default: on stderr.

    Attributes:
        state: how it trains, by its own losses, with the numbers.
        report: what was seen before the first step; `report.prove()` decides.
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        validation_data: Any = None,
        batch_size: int | None = None,
        stop: bool = False,
        tell: Tell | None = None,
    ) -> None:
        super().__init__()
        self.x, self.y, self.validation_data = x, y, validation_data
        self.batch_size = batch_size
        self._watcher = Watcher(stop, tell)
        self._training: Training | None = None
        self._around: Around | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What was seen stays here: hooks and copies are not pickled with the callback."""
        return vars(self) | {"_training": None, "_around": None}

    def on_train_begin(self, logs: Any = None) -> None:
        """Looks at the set-up as it is about to train."""
        trainings = self._watcher.trainings
        self._watcher.begins()
        given = {"x": self.x, "y": self.y, "callbacks": []}
        given |= {"class_weight": None, "sample_weight": None}
        with trainings.guard("follow fit"):
            self._around = Around(self.model, given)
            self._training = trainings.starts("keras", self._arguments())

    def _arguments(self) -> dict[str, Any]:
        """Of `unstuck.diagnose`."""
        arguments = {"model": self.model, "x": self.x, "y": self.y}
        if self.validation_data is not None:
            arguments["validation_data"] = tuple(self.validation_data[:2])
        steps = (self.params or {}).get("steps")
        size = self.batch_size
        if size is None and self.y is not None and steps:
            n = len(keras.tree.flatten(self.x)[0])
            size = 32 if -(-n // 32) == steps else -(-n // steps)
        if size is not None:
            arguments["batch_size"] = size
        return arguments

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Reads the learning rate."""
        if self._around is not None:
            with self._watcher.trainings.guard("follow the learning rate"):
                self._around.epoch_begins()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Hears the epoch's loss."""
        training, around = self._training, self._around
        if training is None or around is None:
            return
        with self._watcher.trainings.guard("follow the loss"):
            steps = (self.params or {}).get("steps")
            if steps:
                around.step_begins(steps - 1)
            if logs and "loss" in logs:
                training.watch.loss(logs["loss"])
            training.routine(around.routine)
        if self._watcher.should_stop:
            self.model.stop_training = True

    def on_train_end(self, logs: Any = None) -> None:
        """The training is over."""
        if self._training is not None:
            self._training.ends()
            self._training = None

    @property
    def state(self) -> str:
        """See the class."""
        return self._watcher.state

    @property
    def report(self) -> WatchedReport:
        """See the class."""
        return self._watcher.report
