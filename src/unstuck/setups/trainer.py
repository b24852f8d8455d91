"""The protocol of trainers: one a framework, each training fresh copies of one subject."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from unstuck.changes.data import Data
from unstuck.setups.subject import Floats

if TYPE_CHECKING:
    from unstuck.changes.change import Combination

POINTS = 64  # of a learning curve, at most
FITTED = 1_024  # training examples on which a run's fit is judged, at most


class Refused(Exception):
    """A change that a framework cannot make here; why, as half a sentence."""


@dataclass(frozen=True, eq=False)
class Run:
    """One copy, trained.

    Args:
        output: (n, k) of the held-out examples in evaluation mode, as the model returns it, after
            its output activation; in the units of `Data.y`.
        fitted: the same of the training examples `fitted_rows(len(data.y))`.
        loss: mean training loss over the last steps, as the script computes it; not finite if it
            diverged.
        curve: (step, mean training loss since the point before), at most 64 points.
        steps: taken.
        seconds: wall-clock, compilation included.
        step_seconds: of one step, what is done once left out.
        model: the trained copy, in a form that `unstuck.diagnose` takes.
        arguments: what `unstuck.diagnose` needs beside the model, x and y: loss, optimizer, …
        path: (step, output of the first 256 held-out examples at most) on the way, at no more
            than eight steps; () where a framework does not look on the way.
        executor: where and how it ran.
    """

    output: Floats
    fitted: Floats
    loss: float
    curve: tuple[tuple[int, float], ...]
    steps: int
    seconds: float
    step_seconds: float
    model: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    path: tuple[tuple[int, Floats], ...] = ()
    executor: str = "in line"


def fitted_rows(n: int) -> NDArray[np.int64]:
    """The training examples on which a run's fit is judged: evenly spaced, at most 1,024."""
    return np.unique(np.linspace(0, n - 1, min(n, FITTED)).astype(np.int64))


def curve(
    losses: "NDArray[Any] | list[float]", points: int = POINTS
) -> tuple[tuple[int, float], ...]:
    """Losses of all steps as (step, mean since the point before)."""
    values = np.asarray(losses, np.float64)
    if not len(values):
        return ()
    ends = np.unique(np.linspace(0, len(values), min(points, len(values)) + 1).astype(int))
    return tuple((int(b), float(values[a:b].mean())) for a, b in pairwise(ends))


def last_of(losses: list[float], steps: int) -> float:
    """A run's loss: the mean over the last steps; the last one where that is not finite."""
    if not losses or not np.isfinite(losses[-1]):
        return losses[-1] if losses else float("nan")
    return float(np.mean(losses[-steps:]))


class Trainer(Protocol):
    """Trains copies of one subject; the subject itself is never touched.

    The copies' weights are drawn by the layers' own initialisers, seeded; layers whose weights
    their initialiser cannot have drawn (pretrained, or set by hand) keep them, and what differs
    from seed to seed is the order of the examples alone. Equal seeds give equal weights and
    orders whatever the changes, as far as shapes allow: runs are paired by seed. Around each
    step a trainer does what `subject.about.routine` says.
    """

    notes: tuple[str, ...]  # what the trials do not do as the user's training does

    def refuses(self, changes: "Combination") -> str:
        """Why these changes cannot be tried in this framework, as half a sentence; "" if they
        can. Changes of data, of `Part.STEPS` and of `Part.ORDER` are never refused."""
        ...

    def foresee(self, steps: int) -> None:
        """Told how many steps in all will be asked for of the set-ups that are trained next, so
        that it can decide what to make ready; 0 when that is not known any more."""
        ...

    def train(
        self,
        data: Data,
        changes: "Combination",
        seed: int,
        steps: int,
        seconds: float = float("inf"),
    ) -> Run:
        """Trains a fresh copy for so many steps of the set-up's batch size.

        Changes of data were made in `data` already, and are passed over.

        Stops early when the loss is no longer finite, and after `seconds`, checked between steps
        or epochs; whatever the model then gives is the run's output.
        """
        ...

    def loss(self, output: Floats, y: NDArray[Any]) -> float:
        """The script's own mean loss of outputs (n, k), as the model as it is returns them in
        evaluation mode, against targets as the loss gets them; example and class weights
        included, regularisation not. NaN where it cannot be computed from outputs alone.
        """
        ...


@runtime_checkable
class Localizing(Protocol):
    """A trainer that can take its steps apart."""

    def first_not_finite(self, data: Data, seed: int, steps: int) -> str:
        """Where the first number that is not finite comes from in a training as it is: step,
        layer or operation, line; "" where all are finite, or that cannot be told."""
        ...
