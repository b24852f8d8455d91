"""A loss that a script hands over itself, in a loop that nothing else sees."""

import math
from reprlib import repr as shown  # short, and of what has no words for itself too
from typing import Any, TypeVar

from unstuck.errors import UsageError
from unstuck.script.trainings import Training, Trainings
from unstuck.watching.place import Place

T = TypeVar("T")

_RUNS: list[Trainings] = []  # the one under way, last
_FOLLOWED: dict[tuple[int, Place | None], Training | None] = {}


def install(trainings: Trainings) -> None:
    """Has losses that the script hands over seen by a run."""
    _RUNS.append(trainings)


def noted(loss: T) -> T:
    """One step's loss of a loop, for `unstuck run` to watch; without it nothing is done.

        loss = unstuck.noted(loss)

    For a loop that is not seen otherwise, such as updates written in NumPy. It is watched, not
    looked at: whether it learns, is stuck or diverges is told by its losses.

    Args:
        loss: a number, or an array or tensor of one.

    Returns:
        It, as it is.

    Raises:
        UsageError: something else.
    """
    if not _is_one_number(loss):
        raise UsageError(
            f"the loss that is handed over is {shown(loss)}",
            "a number, or an array or tensor of one",
            "hand over one step's loss: its mean, where there is one for each example",
        )
    if _RUNS and not _RUNS[-1].is_quiet:
        with _RUNS[-1].guard("follow a loss that was handed over"):
            _note(_RUNS[-1], loss)
    return loss


def _is_one_number(loss: Any) -> bool:
    shape = getattr(loss, "shape", None)
    if shape is None:
        return hasattr(type(loss), "__float__")
    try:
        return bool(math.prod(shape) == 1)
    except TypeError:  # lengths that are not known yet
        return True


def _note(trainings: Trainings, loss: Any) -> None:
    place = trainings.here()
    key = id(trainings), place
    if key not in _FOLLOWED:
        where = "a training" if place is None else f"training at {place}"
        trainings.says(f"{where} is only watched: its loss is handed over by the script itself")
        _FOLLOWED[key] = trainings.starts("noted", {}, place)
    training = _FOLLOWED[key]
    if training is not None:
        training.watch.loss(float(loss.detach() if hasattr(loss, "detach") else loss))
