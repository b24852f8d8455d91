"""Cures of lines, as objects and as code."""

from frameworks.toy.subject import changed
from unstuck.changes.change import Part, Role
from unstuck.changes.change import changed as changed_data
from unstuck.cures.built import Built
from unstuck.cures.lines import block
from unstuck.cures.printed import Argument, Block, Names, code
from unstuck.setups.split import split


def printed(subject, cure, names):
    blocks = [block(c, names, subject.sample) for c in cure.changes if c.of_data]
    model = changed(subject.model, cure.changes)
    if any(c.part is Part.RATE for c in cure.changes):
        rate = f"{model.rate:.3g}"
        both = frozenset({"model"})
        edits = (Argument("model", "rate", rate, 0),)
        blocks.append(
            Block(Role.OPTIMIZER, (f"{names.model}.rate = {rate}",), (), both, both, edits)
        )
    return tuple(blocks)


def built(subject, cure):
    data = changed_data(split(subject.sample), cure.changes)
    model = changed(subject.model, cure.changes)
    return Built(model, code(printed(subject, cure, Names())), {}, data)
