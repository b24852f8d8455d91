"""A copied set-up in which changes are made, and what they have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from unstuck.frameworks.torch.logits import FromLogits, Refused
from unstuck.frameworks.torch.modes import switched
from unstuck.frameworks.torch.moved import Place
from unstuck.frameworks.torch.setup import Setup
from unstuck.frameworks.torch.survey import End, Survey, WithoutEnd
from unstuck.setups.routine import Routine

if TYPE_CHECKING:
    from unstuck.frameworks.torch.subject import Step, TorchSubject


@dataclass
class Changed:
    """A set-up with changes in it.

    Args:
        subject, survey: of the set-up as the user has it.
        setup, step: as in `TorchSubject`.
        routine: what is done around its steps.
        batch_size, shuffled: examples a step, and whether they are drawn in new orders.
        seed: of what is drawn.
        forward: (setup, step) ↦ the loss of some training examples.
        end: the activation that was taken off, which evaluation puts on again; None if none was.
        logits: how the loss was changed; None if it was not.
        normalized: module that a normalization was put in front of; None if none was.
        activations: modules that were exchanged, or that an activation was put behind.
        plain: whether the network is another one.
        moved: views that found another axis than that of the examples first.
        classes: outputs of the last layer in place of its own; 0 for these.
    """

    subject: "TorchSubject"
    survey: Survey
    setup: Setup
    step: "Step | None"
    routine: Routine
    batch_size: int
    shuffled: bool
    seed: int
    forward: Callable[[Setup, Any], Any]
    end: End | None = None
    logits: FromLogits | None = None
    normalized: str | None = None
    activations: list[str] = field(default_factory=list)
    plain: bool = False
    moved: tuple[Place, ...] = ()
    classes: int = 0

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The optimizer's groups of parameters."""
        if self.setup.optimizer is None:
            raise Refused("there is no optimizer")
        groups: list[dict[str, Any]] = self.setup.optimizer.param_groups
        return groups


def put(model: Any, name: str, module: Any) -> None:
    """Exchanges a module, under every name it has."""
    old = model.get_submodule(name)
    switched(module, old.training)
    for other, found in list(model.named_modules(remove_duplicate=False)):
        if found is old:
            model.set_submodule(other, module)


def take_off(done: Changed, end: End | None, by: Any = None) -> None:
    """Leaves the last activation out, or puts a module without weights in its place."""
    if end is None:
        return
    if done.plain:
        model = done.setup.model
        for i in reversed(range(len(model))):
            if isinstance(model[i], (torch.nn.Softmax, torch.nn.LogSoftmax, torch.nn.Sigmoid)):
                del model[i]
        if by is not None:
            model.append(by)
        return
    by = torch.nn.Identity() if by is None else by
    if end.module:
        put(done.setup.model, end.module, by)
    elif done.step is None:
        done.setup = done.setup._replace(model=WithoutEnd(done.setup.model, end.place, by))
    else:
        raise Refused("the model's last activation is a function, called within a step")


def kernels(model: Any) -> list[Any]:
    kinds = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)
    return [m for m in model.modules() if isinstance(m, kinds) and m.weight.requires_grad]
