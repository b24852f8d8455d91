"""A training set-up as it was when training began, kept for a proof at the end of the script."""

import copy
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from unstuck.diagnosis import Diagnosed
from unstuck.frameworks.recognize import recognize
from unstuck.probes.batch import batch
from unstuck.records.batch import Batch
from unstuck.records.report import Report
from unstuck.setups.routine import Routine
from unstuck.setups.subject import Given
from unstuck.setups.untouched import untouched

EXAMPLES = 4_096  # that are kept, at most


class StartingPoint:
    """The set-up with a sample of its data, and the state its model and optimizer were in.

    Args:
        arguments: of `unstuck.diagnose`.

    Raises:
        UsageError, DataError: as `diagnose` raises them.
    """

    def __init__(self, arguments: dict[str, Any]) -> None:
        given = {name: value for name, value in arguments.items() if name != "model"}
        model = arguments["model"]
        with untouched():
            self._subject = recognize(model, Given(**given, examples=EXAMPLES))
            self._reads = list(_reads(model, arguments.get("optimizer")))
            self._begin = [read() for read in self._reads]

    def batch(self) -> Batch:
        """What a step's batch holds, just before the network."""
        return batch(self._subject.about, self._subject.sample)

    @contextmanager
    def restored(self, report: Report, routine: Routine) -> Iterator[Diagnosed]:
        """A diagnosis that can be proven, while model and optimizer are as they were; afterwards
        they are as the script left them.

        Args:
            routine: what the loop was seen to do around its steps, which trials replay.
        """
        end = [read() for read in self._reads]
        try:
            for put_back in self._begin:
                put_back()
            subject = self._subject.with_routine(routine)
            yield Diagnosed(report, lambda examples: subject)
        finally:
            for put_back in end:
                put_back()


Read = Callable[[], Callable[[], None]]  # reads a state, gives what puts it back


def _reads(model: Any, optimizer: Any) -> Iterator[Read]:
    """Readers of all that training changes and a trial starts from."""
    keras, torch = sys.modules.get("keras"), sys.modules.get("torch")
    if keras is not None and isinstance(model, keras.Model):
        if model.built:  # else every trial draws its weights
            yield lambda: _keras(keras, model.variables)
        for owner in (model, optimizer):
            held = getattr(owner, "optimizer", owner)
            if isinstance(held, keras.optimizers.Optimizer):
                yield lambda held=held: _keras(keras, held.variables)  # type: ignore[misc]
    elif torch is not None:
        for owner in (model, getattr(model, "module_", None), optimizer):
            if isinstance(owner, torch.nn.Module | torch.optim.Optimizer):
                yield lambda owner=owner: _torch(owner)  # type: ignore[misc]


def _keras(keras: Any, variables: Any) -> Callable[[], None]:
    values = [(v, keras.ops.convert_to_numpy(v.value).copy()) for v in variables]

    def put_back() -> None:
        for variable, value in values:
            variable.assign(value)

    return put_back


def _torch(owner: Any) -> Callable[[], None]:
    state = copy.deepcopy(owner.state_dict())
    return lambda: owner.load_state_dict(state)
