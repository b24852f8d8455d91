"""A hand-written PyTorch loop, watched from within: `with unstuck.watch(model, optimizer): …`."""

from types import TracebackType
from typing import Any, Self

from unstuck.errors import UsageError
from unstuck.guards.watcher import Tell, WatchedReport, Watcher


class watch:
    """Watches the loop in its block as `unstuck run` does a script's::

        with unstuck.watch(model, optimizer) as seen:
            for x, y in loader:
                …
        seen.state, seen.report, seen.report.prove()

    Loss and data are found where the first step is taken: the calls that lead from a batch to the
    loss are done again on a copy. Where that does not give the same loss, the loop is only watched,
    and one line says why.

    Args:
        model: a `torch.nn.Module`.
        optimizer: one that holds its parameters.
        stop: whether `should_stop` becomes true once it has diverged, is stuck or dying; the loop
            is yours to leave.
        tell: called with what is seen. Default: on stderr.

    Raises:
        UsageError: no such model or optimizer; a block entered twice at once.
    """

    def __init__(
        self, model: Any, optimizer: Any = None, *, stop: bool = False, tell: Tell | None = None
    ) -> None:
        import torch

        if not isinstance(model, torch.nn.Module):
            raise UsageError(
                f"the model is a {type(model).__name__}",
                "a torch.nn.Module",
                "unstuck run train.py watches loops of Keras and JAX; what it does not see, such as"
                " updates in NumPy, hands each step's loss over: unstuck.noted(loss)",
            )
        if not isinstance(optimizer, torch.optim.Optimizer):
            raise UsageError(
                f"the optimizer is a {type(optimizer).__name__}", "a torch.optim.Optimizer"
            )
        self.model, self.optimizer = model, optimizer
        self._watcher = Watcher(stop, tell)
        self._loops: Any = None

    def __enter__(self) -> Self:
        if self._loops is not None:
            raise UsageError(
                "the watch is within its own block",
                "one that is not under way",
                "make another: unstuck.watch(model, optimizer)",
            )
        from unstuck.frameworks.torch.watch.loops import Loops

        self._watcher.begins()
        loops: Any = Loops(self._watcher.trainings)
        self._loops = loops
        loops.install()
        loops.awaits(self.optimizer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        loops, self._loops = self._loops, None
        if loops is None:
            raise UsageError(
                "the watch ends before it began", "with unstuck.watch(model, optimizer): …"
            )
        loops.finish()
        loops.remove()

    @property
    def should_stop(self) -> bool:
        """Whether stopping was asked for, and the training has diverged, is stuck or dying."""
        return self._watcher.should_stop

    @property
    def state(self) -> str:
        """How it trains, by its own losses: "learning: loss 2.3 → 0.31; knowing nothing: 2.3"."""
        return self._watcher.state

    @property
    def report(self) -> WatchedReport:
        """What was seen before its first step; `report.prove()` decides.

        Raises:
            UsageError: it could not be looked at; why.
        """
        return self._watcher.report
