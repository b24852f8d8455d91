"""What the loop does around a step."""

from dataclasses import replace
from typing import TYPE_CHECKING

from unstuck.changes.change import Value
from unstuck.frameworks.torch.attached import attached
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.changes.optimizer import reached
from unstuck.frameworks.torch.logits import Refused
from unstuck.setups.routine import Zeroing

if TYPE_CHECKING:
    from unstuck.frameworks.torch.subject import TorchSubject


def clip(done: Changed, norm: Value) -> None:
    assert isinstance(norm, float | int)
    done.routine = replace(done.routine, clip_norm=norm)


# What gives steps their gradients, by what keeps these from them.
_MOVED = {
    Zeroing.BEFORE_STEP: "step",
    Zeroing.NO_BACKWARD: "backward",
    Zeroing.CUT_OFF: "loss",
}


def zero(done: Changed, how: Value) -> None:
    if done.routine.zeroing is Zeroing.STEP:
        raise Refused("gradients are set to zero before each step already")
    if how != _MOVED.get(done.routine.zeroing, True):
        raise Refused("that is not what keeps its steps from their gradients")
    done.routine = replace(done.routine, zeroing=Zeroing.STEP)


def schedule(done: Changed, kind: Value) -> None:
    rates = done.routine.rates
    if not rates:
        raise Refused("the learning rate is constant")
    epoch = steps_an_epoch(done.subject, done.batch_size)
    kept = () if kind == "constant" else tuple((begins * epoch, f) for begins, f in rates)
    done.routine = replace(done.routine, rates=kept)


def steps_an_epoch(subject: "TorchSubject", batch_size: int) -> int:
    """Steps that the script takes for all of its examples."""
    n = subject.sample.examples or len(subject.sample.x[0])
    return max(1, -(-n // (batch_size * subject.about.routine.accumulation)))


def attach(done: Changed, _: Value) -> None:
    if done.step is None:
        raise Refused("the loss is that of the model's output, which was not detached")
    done.step = attached(done.step)
    held = {id(p) for group in done.groups for p in group["params"]}
    if not any(id(p) in held for p in reached(done.forward(done.setup, done.step))):
        raise Refused("the loss is made anew of a number, which leads back to no layer")


def mode(done: Changed, _: Value) -> None:
    if not done.routine.evaluating:
        raise Refused("the model is in training mode")
    done.routine = replace(done.routine, evaluating=False)


def batch(done: Changed, size: Value) -> None:
    assert isinstance(size, int)
    done.batch_size = size


def shuffle(done: Changed, shuffled: Value) -> None:
    done.shuffled = bool(shuffled)
