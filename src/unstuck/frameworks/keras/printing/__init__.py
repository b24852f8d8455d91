"""A cure of a Keras set-up as blocks of code, in the names that whoever asks for them chooses."""

from unstuck.changes.change import Part, Role
from unstuck.cures.cure import Cure
from unstuck.cures.printed import Block, Names
from unstuck.frameworks.keras.printing import compiled, layers, remade, start, training
from unstuck.frameworks.keras.printing.printer import Printer, joined
from unstuck.frameworks.keras.subject import KerasSubject

IN_PLACE = {
    Part.OUTPUT: layers.output,
    Part.ACTIVATION: layers.activation,
    Part.DROPOUT: layers.dropout,
    Part.STATISTICS: layers.statistics,
    Part.START: start.start,
}
OF_FIT = {
    Part.CLASS_WEIGHTS: training.class_weights,
    Part.SCHEDULE: training.schedule,
    Part.BATCH: training.batch,
    Part.STEPS: training.steps,
    Part.SHUFFLING: training.shuffling,
}


def printed(subject: KerasSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things: those of data, of the
    network, of its start, of what is compiled, of training.

    Layers are changed in place; what `compile` is given is one block, since a model is compiled
    once.

    Raises:
        UsageError: a change that cannot be made here.
    """
    printer = Printer(subject, cure.changes, names)
    found = printer.data.blocks([c for c in printer.changes if c.of_data])
    by_part = {c.part: c for c in printer.changes if not c.of_data}
    compiles = compiled.compiles(printer)
    made = remade.remade(printer, by_part)
    if made and not compiles:
        made[-1] = joined(made[-1], [compiled.compile_call(printer)])
    found += made
    found += [how(printer, by_part[part]) for part, how in IN_PLACE.items() if part in by_part]
    found = [b for b in found if b.lines or b.edits or b.comment]
    if printer.penalized() and not compiles:
        found.append(printer.in_place(Role.LOSS, *layers.unpenalized(printer)))
    alone = printer.parts == {Part.RATE} | printer.parts - compiled.COMPILED
    if alone and compiled.settable(printer):
        found.append(compiled.rate(printer))
    elif compiles:
        own = not made or (bool(printer.plan.classes) and len(made) == 1 and bool(made[0].edits))
        found.append(compiled.compiled(printer, plain=own))
    found += [how(printer, by_part[part]) for part, how in OF_FIT.items() if part in by_part]
    return tuple(found)
