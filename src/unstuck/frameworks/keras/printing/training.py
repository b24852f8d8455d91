"""Changes of what `fit` is given, as code."""

import numpy as np

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Argument, Block
from unstuck.frameworks.keras.data_code import NUMPY
from unstuck.frameworks.keras.printing.printer import MODEL, Printer


def _fit(printer: Printer, name: str, code: str, at: int | None, comment: str = "") -> Block:
    told = comment or f"{printer.model}.fit(…, {name}={code})"
    edit = Argument("fit", name, code, at)
    return Block(Role.TRAINING, (), (), MODEL, frozenset(), (edit,), told)


def class_weights(printer: Printer, change: Change) -> Block:
    if change.value == "none":
        return _fit(printer, "class_weight", "", None, f"{printer.model}.fit without class_weight")
    y, targets = printer.data.y, printer.subject.sample.y
    assert targets is not None
    if printer.data.kind:
        given = ", ".join(f"{i}: {w:.3g}" for i, w in enumerate(printer.plan.routine.weights))
        return _fit(printer, "class_weight", f"{{{given}}}", None)
    ids = f"{y}.argmax(axis=1)" if targets.ndim == 2 and targets.shape[1] > 1 else y
    if ids == y and targets.ndim > 1:
        ids = f"{y}.reshape(-1)"
    if targets.dtype.kind not in "iu" and "argmax" not in ids:
        ids = f"{ids}.astype(int)"
    code = f"dict(enumerate(len({y}) / (len(np.unique({ids})) * np.bincount({ids}))))"
    block = _fit(printer, "class_weight", code, None)
    return Block(
        Role.LOSS, (), NUMPY, frozenset({"model", "y"}), frozenset(), block.edits, block.comment
    )


def schedule(printer: Printer, change: Change) -> Block:
    comment = (
        ""
        if printer.scheduled()
        else (f"{printer.model}.fit without the callback that changes the learning rate")
    )
    return Block(Role.TRAINING, (), (), comment=comment)


def batch(printer: Printer, change: Change) -> Block:
    size = str(change.value)
    if printer.data.kind != "tf.data":
        if printer.data.kind:
            of = Argument("loader", "batch_size", size, 1)
            return Block(Role.TRAINING, (), edits=(of,), comment=f"batches of {size} examples")
        return _fit(printer, "batch_size", size, 2)
    return _dataset(printer, f".unbatch().batch({size})")


def _dataset(printer: Printer, calls: str) -> Block:
    data = printer.data.data
    used = frozenset({"loader" if printer.names.loader else "x"})
    return Block(Role.TRAINING, (f"{data} = {data}{calls}",), (), used, used)


def steps(printer: Printer, change: Change) -> Block:
    factor, epochs = change.value, printer.subject.about.routine.epochs
    assert isinstance(factor, float | int)
    told = f"train for {factor:g} times as many epochs"
    if not epochs:
        return Block(Role.TRAINING, (), comment=told)
    return _fit(printer, "epochs", str(int(np.ceil(epochs * factor))), 3)


def shuffling(printer: Printer, change: Change) -> Block:
    if not printer.data.kind:
        return _fit(printer, "shuffle", "True", None)
    size = printer.plan.batch_size
    if printer.data.kind == "tf.data":
        examples = printer.subject.sample.examples or 10_000
        return _dataset(printer, f".unbatch().shuffle({examples}).batch({size})")
    of = Argument("loader", "shuffle", "True", 2)
    told = "draw the examples in a new order each epoch"
    edits = (of,) if printer.data.kind == "DataLoader" else ()
    return Block(Role.TRAINING, (), edits=edits, comment=told)
