"""The changes a trial asks for, made in a copied torch set-up: one table {part: how}."""

from collections.abc import Callable

from unstuck.changes.change import Combination, Part, Value, of_setup, value
from unstuck.frameworks.torch.changes import loop, loss, network, optimizer, start
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.logits import Refused


def change(done: Changed, changes: Combination) -> None:
    """Makes the changes in a copy, in place, in the order of `HOW`.

    Raises:
        Refused: one of them cannot be made.
    """
    wanted = {c.part for c in of_setup(changes)} - {Part.STEPS, Part.ORDER}
    for part in wanted - set(HOW):
        raise Refused(f"PyTorch has no way to change the {part.value.replace('-', ' ')}")
    for part, how in HOW.items():
        if part in wanted:
            how(done, value(changes, part))
    if done.setup.optimizer is None:
        raise Refused("there is no optimizer")
    if value(changes, Part.START) == "lsuv":
        start.unit_variance(done.setup.model, lambda: done.forward(done.setup, done.step))


# In the order in which they are made: each finds what those before it have left.
HOW: dict[Part, Callable[[Changed, Value], None]] = {
    Part.HELD: optimizer.hold,
    Part.NETWORK: network.plain,
    Part.WIDTH: network.widen,
    Part.ACTIVATION: network.activate,
    Part.DROPOUT: network.drop,
    Part.BATCH_AXIS: network.batch_axis,
    Part.STATISTICS: network.statistics,
    Part.START: start.draw,
    Part.NORMALIZATION: network.normalize,
    Part.LOSS: loss.loss,
    Part.OUTPUT: network.output,
    Part.CLASS_WEIGHTS: loss.class_weights,
    Part.OPTIMIZER: optimizer.optimize,
    Part.PENALTY: optimizer.penalty,
    Part.RATE: optimizer.rate,
    Part.EPSILON: optimizer.epsilon,
    Part.MODE: loop.mode,
    Part.DETACHING: loop.attach,
    Part.CLIPPING: loop.clip,
    Part.ZEROING: loop.zero,
    Part.BATCH: loop.batch,
    Part.SCHEDULE: loop.schedule,
    Part.SHUFFLING: loop.shuffle,
}
