"""A cure for a torch set-up as blocks of code, in the names that whoever asks for them chooses:
one table {part: how}."""

from collections.abc import Callable
from dataclasses import replace

from unstuck.changes.change import Change, Part, Role
from unstuck.cures.cure import Cure
from unstuck.cures.lines import fresh
from unstuck.cures.printed import Block, Names
from unstuck.frameworks.torch.printing import data, loop, loss, network, optimizer, skorch, start
from unstuck.frameworks.torch.printing.printer import (
    REBUILT,
    Printer,
    number,
    numbers_of,
)
from unstuck.frameworks.torch.subject import TorchSubject

OF_OPTIMIZER = frozenset({Part.OPTIMIZER, Part.RATE, Part.EPSILON, Part.PENALTY, Part.HELD})
HOW: dict[Part, Callable[[Printer, Change], Block]] = {
    Part.NETWORK: network.network,
    Part.WIDTH: network.width,
    Part.ACTIVATION: network.activation,
    Part.OUTPUT: network.output,
    Part.NORMALIZATION: network.normalization,
    Part.DROPOUT: network.dropout,
    Part.STATISTICS: network.statistics,
    Part.BATCH_AXIS: network.batch_axis,
    Part.MODE: network.mode,
    Part.START: start.start,
    Part.LOSS: loss.loss,
    Part.CLASS_WEIGHTS: loss.class_weights,
    Part.DETACHING: loop.detaching,
    Part.CLIPPING: loop.clipping,
    Part.ZEROING: loop.zeroing,
    Part.SCHEDULE: loop.schedule,
    Part.BATCH: loop.batch,
    Part.SHUFFLING: loop.shuffling,
    Part.STEPS: loop.steps,
}


def printed(subject: TorchSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    Raises:
        UsageError: a change that cannot be made here.
    """
    printer = Printer(subject, cure.changes, names)
    found: list[Block] = []
    of_data = [c for c in cure.changes if c.of_data]
    of_net = len(of_data) < len(cure.changes)
    of_skorch = of_net and subject.step is not None and subject.setup.loss is not None
    if of_skorch:
        printer.names = replace(names, model=fresh("module", names.taken))
    if of_data and names.loader:
        found.append(data.unpacked(names))
    found += [data.data_block(printer, c) for c in of_data]
    if of_data and names.loader:
        found.append(data.packed(printer))
    parts = {c.part for c in cure.changes}
    if printer.trainer.keep.trained and Part.START not in parts:
        found.append(start.redrawn(printer.names))
    for change in cure.changes:
        if not change.of_data and change.part not in OF_OPTIMIZER | {Part.ORDER}:
            found.append(HOW[change.part](printer, change))
    if lines := printer.registered():
        found.append(printer.of_model(Role.NETWORK, lines))
    if parts & (OF_OPTIMIZER | REBUILT):
        found.append(optimizer.optimizer(printer))
    roles = list(Role)
    ordered = sorted(found, key=lambda b: roles.index(b.role))
    if not of_skorch:
        return tuple(ordered)
    inner = [b for b in ordered if b.role is not Role.DATA]
    kind = type(printer.done.setup.optimizer)
    told = numbers_of(kind, printer.done.groups[0])
    numbers = {k: number(v) for k, v in told.items()}
    whole = skorch.of_net(inner, names.model, printer.names, kind.__name__, numbers)
    return (*(b for b in ordered if b.role is Role.DATA), whole)
