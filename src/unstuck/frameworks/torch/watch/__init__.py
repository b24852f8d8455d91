"""PyTorch as a script uses it: hand-written loops, and the steps within libraries' trainers.

Limits: what a script does to examples before it hands them to a module is seen only where a
`DataLoader` yields them; steps taken by several optimizers on one model, and loops compiled as a
whole are watched at most. Updates that are written out are seen from the second step on, by how
parameters moved between two backward passes at one line; what is not gradient descent is looked at
and not proven. Of an
`IterableDataset`, which may be of a kind that can be read only once, the script's first batch is
looked at, and nothing is proven.
"""

from typing import Any

from unstuck.frameworks.torch.watch.loops import Loops

__all__ = ["Loops", "install", "loops_of"]

_installed: list[Loops] = []


def install(trainings: Any) -> None:
    """Sees every training that starts from now on; called when torch has been imported."""
    trainings.endings.append(loops_of(trainings).finish)


def loops_of(trainings: Any) -> Loops:
    """The loops of a run, installed when they are first asked for."""
    for loops in _installed:
        if loops.trainings is trainings:
            return loops
    loops = Loops(trainings)
    loops.install()
    _installed.append(loops)
    return loops
