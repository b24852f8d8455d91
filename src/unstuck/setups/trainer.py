"""The protocol of trainers: one a framework, each training fresh copies of one subject."""

from dataclasses import dataclass
from typing import Any, Protocol

from unstuck.setups.data import Data
from unstuck.setups.settings import Settings
from unstuck.setups.subject import Floats


@dataclass(frozen=True, eq=False)
class Run:
    """One copy, trained.

    Args:
        output: (n, k) of the held-out examples in evaluation mode, as the model returns it, after
            its output activation; in the units of `Data.y`.
        loss: mean training loss over the last steps; not finite if it diverged.
        steps: taken.
        seconds: wall-clock, compilation included.
        model: the trained copy, in a form that `unstuck.diagnose` takes.
        arguments: what `unstuck.diagnose` needs beside the model, x and y: loss, optimizer, …
    """

    output: Floats
    loss: float
    steps: int
    seconds: float
    model: Any
    arguments: dict[str, Any]


class Trainer(Protocol):
    """Trains copies of one subject; the subject itself is never touched.

    The copies' weights are drawn by the layers' own initialisers, seeded; layers whose weights
    their initialiser cannot have drawn (pretrained, or set by hand) keep them, and what differs
    from seed to seed is the order of the examples alone. Equal seeds give equal weights and
    orders whatever the settings, as far as shapes allow: runs are paired by seed.
    """

    notes: tuple[str, ...]  # what the trials do not do as the user's training does

    def refuses(self, settings: Settings) -> str:
        """Why these changes cannot be tried in this framework, as half a sentence; "" if they
        can."""
        ...

    def train(
        self, data: Data, settings: Settings, seed: int, steps: int, seconds: float = float("inf")
    ) -> Run:
        """Trains a fresh copy for so many steps of the set-up's batch size.

        Stops early when the loss is no longer finite, and after `seconds`, checked between steps
        or epochs; whatever the model then gives is the run's output.
        """
        ...
