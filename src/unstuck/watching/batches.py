"""Training that is called batch by batch: one training a model and line, however many batches."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from unstuck.watching.place import Place
from unstuck.watching.trainings import Training, Trainings


class Batches:
    """The trainings that consist of calls with a batch each.

    Args:
        trainings: of the run.
        framework: whose they are.
    """

    def __init__(self, trainings: Trainings, framework: str) -> None:
        self._trainings, self._framework = trainings, framework
        self._known: WeakKeyDictionary[Any, dict[Place | None, Training | None]]
        self._known = WeakKeyDictionary()

    def training(self, model: Any, arguments: Callable[[], dict[str, Any]]) -> Training | None:
        """The training that a call belongs to; begun and ended with the first.

        Args:
            arguments: of `unstuck.diagnose`, with the first batch.
        """
        known, where = self._known.setdefault(model, {}), self._trainings.here()
        if where not in known:
            begun = self._trainings.starts(self._framework, arguments(), where)
            if begun is not None:
                begun.cannot_be_proven("one batch of the data was seen")
                begun.ends()
            known[where] = begun
        return known[where]
