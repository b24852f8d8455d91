"""Cures for set-ups of the engine: the same record with other fields."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

from unstuck.changes.change import Part, Role, changed, without
from unstuck.cures.built import Built
from unstuck.cures.cure import Cure
from unstuck.cures.lines import block
from unstuck.cures.printed import Block, Names, code
from unstuck.engine.setup import Setup
from unstuck.errors import UsageError
from unstuck.frameworks.engine.changes import REDRAWN
from unstuck.frameworks.engine.template import SetupTemplate
from unstuck.frameworks.jax.cure import SAID
from unstuck.frameworks.jax.subject import JaxSubject
from unstuck.frameworks.jax.training import JaxTrainer
from unstuck.setups.split import split

OF_INPUTS = frozenset({Part.INPUTS, Part.OUTLIERS, Part.SPLITS})
BOTH = frozenset({"model"})


def printed(subject: JaxSubject, cure: Cure, names: Names) -> tuple[Block, ...]:
    """The cure's blocks, in the order in which a program does such things.

    Raises:
        UsageError: a change that cannot be made here.
    """
    if why := JaxTrainer(subject).refuses(cure.changes):
        raise UsageError(f"this cannot be changed: {why}")
    template = _template(subject)
    before, after = template.setup, template.changed(cure.changes)
    blocks: list[Block] = []
    scaled = before.scaler.kind != "none"
    rescaled = scaled and any(c.part in OF_INPUTS for c in cure.changes)
    if rescaled:  # the changes are of what its own scaler gives
        line = f"{names.x} = {names.model}.scaler.fit({names.x})({names.x})"
        blocks.append(Block(Role.DATA, (line,), (), frozenset({"model", "x"}), frozenset({"x"})))
    else:
        after = replace(after, scaler=before.scaler)
    blocks += [block(c, names, subject.sample) for c in cure.changes if c.of_data]
    if after != before:
        redrawn = any(c.part in REDRAWN for c in cure.changes)
        blocks.append(_fields(before, after, names.model, template.given is not None, redrawn))
    for change in cure.changes:
        if change.part in SAID and change.part is not Part.BATCH:
            says = SAID[change.part].format(change.value)
            blocks.append(Block(Role.TRAINING, (), comment=says))
    return tuple(sorted(blocks, key=lambda b: list(Role).index(b.role)))


def built(subject: JaxSubject, cure: Cure) -> Built:
    """The set-up with the cure in it, on inputs that are scaled already.

    Raises:
        UsageError: a change that cannot be made here.
    """
    template = _template(subject)
    text = code(printed(subject, cure, Names()))
    model: Any = template.changed(cure.changes)
    if template.given is not None and not any(c.part in REDRAWN for c in cure.changes):
        model = model, template.given
    data = changed(split(subject.sample), without(cure.changes, Part.STEPS))
    shuffle = True if any(c.part is Part.SHUFFLING for c in cure.changes) else None
    return Built(model, text, {"shuffle": shuffle} if shuffle else {}, data)


def _template(subject: JaxSubject) -> SetupTemplate:
    assert isinstance(subject.template, SetupTemplate)
    return subject.template


def _fields(before: Setup, after: Setup, model: str, pair: bool, redrawn: bool) -> Block:
    """The set-up with its fields that differ; a pair (set-up, parameters) keeps the latter."""
    setup = f"{model}[0]" if pair else model
    imports = {"from dataclasses import replace"}
    told = []
    for field in fields(Setup):
        old, new = getattr(before, field.name), getattr(after, field.name)
        if old == new:
            continue
        if type(old) is type(new) and field.name in ("optimizer", "first_kernel"):
            some = ", ".join(
                f"{f.name}={getattr(new, f.name)!r}"
                for f in fields(new)
                if getattr(old, f.name) != getattr(new, f.name)
            )
            told.append(f"{field.name}=replace({setup}.{field.name}, {some})")
            continue
        imports |= _homes(new)
        told.append(f"{field.name}={new!r}")
    line = f"replace({setup}, {', '.join(told)})"
    line = f"{model} = ({line}, {model}[1])" if pair and not redrawn else f"{model} = {line}"
    return Block(Role.NETWORK, (line,), tuple(sorted(imports)), BOTH, BOTH)


def _homes(value: Any) -> set[str]:
    """Imports of the records that a value is made of."""
    if isinstance(value, tuple):
        return {line for item in value for line in _homes(item)}
    if not is_dataclass(value):
        return set()
    kind = type(value)
    inner = {line for f in fields(value) for line in _homes(getattr(value, f.name))}
    return {f"from {kind.__module__} import {kind.__qualname__}", *inner}
