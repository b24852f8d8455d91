"""Steps that find no gradients: nothing is differentiated, or what is was made anew of the loss."""

from collections.abc import Iterable
from typing import Any

from unstuck.frameworks.torch.watch.follower import FIRST
from unstuck.frameworks.torch.watch.graph import leaves
from unstuck.frameworks.torch.watch.tape import Tape


class Idle:
    """Steps of optimizers before anything was differentiated.

    Args:
        tape: on which the script's losses are found.
    """

    def __init__(self, tape: Tape) -> None:
        self._tape = tape
        self._losses: dict[int, list[Any]] = {}  # id of an optimizer -> before its steps

    def step(self, optimizer: Any) -> list[Any]:
        """One more step without gradients.

        Returns:
            the losses before these steps, once there are enough of them: fewer are taken against
            a schedule's warning, before the first real one.
        """
        loss = self._tape.number(held(optimizer))
        if loss is None:
            return []
        losses = self._losses.setdefault(id(optimizer), [])
        losses[-1:] = [one.detach() for one in losses[-1:]]
        losses.append(loss)
        return losses if len(losses) >= FIRST else []


def made_of(loss: Any, tape: Tape, optimizers: Iterable[Any]) -> Any:
    """The number that a loss which depends on nothing was made anew of; None for none."""
    all_held = held_by(optimizers)
    if any(id(p) in all_held for p in leaves(loss)):  # tensors of the script's own
        return None
    number = tape.number(all_held)
    same = number is not None and float(number.detach()) == float(loss.detach())
    return number if same else None


def held(optimizer: Any) -> set[int]:
    """Ids of the parameters that an optimizer holds."""
    return {id(p) for group in optimizer.param_groups for p in group["params"]}


def held_by(optimizers: Iterable[Any]) -> set[int]:
    """Ids of the parameters that some optimizers hold."""
    return set().union(*map(held, optimizers))
