"""The watch of PyTorch's steps, on from when a library's training begins until it ends."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from unstuck.guards.watcher import Tell, Watcher


class Hooks(Watcher):
    """A watch whose losses come from hooks on PyTorch itself.

    Args:
        stop, tell: see `Watcher`.
    """

    def __init__(self, stop: bool = False, tell: Tell | None = None) -> None:
        super().__init__(stop, tell)
        self._off: list[Callable[[], Any]] = []

    def on(self, belonging: Callable[[Any], AbstractContextManager[None]]) -> None:
        """Steps are those of one training, from now on.

        Args:
            belonging: the loops ↦ what encloses that training's steps.
        """
        from unstuck.frameworks.torch.watch.loops import Loops

        self.off()
        self.begins()
        loops: Any = Loops(self.trainings)
        within = belonging(loops)
        loops.install()
        within.__enter__()
        self._off = [lambda: within.__exit__(None, None, None), loops.finish, loops.remove]

    def off(self) -> None:
        """It has ended, or failed; nothing is left of the hooks."""
        off, self._off = self._off, []
        for undo in off:
            with self.trainings.guard("end the watch"):
                undo()
