"""What `compile` is given, as code: one block, since a model is compiled once."""

from typing import Any

import keras

from unstuck.changes.change import Part, Role
from unstuck.cures.printed import Argument, Block, Call, Edit
from unstuck.frameworks.keras import text
from unstuck.frameworks.keras.changes import Plan
from unstuck.frameworks.keras.printing import layers
from unstuck.frameworks.keras.printing.printer import KERAS, MODEL, Printer, joined
from unstuck.frameworks.keras.subject import KerasSubject

AT_ZERO = 'keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)'
COMPILED = frozenset(
    {Part.LOSS, Part.OPTIMIZER, Part.RATE, Part.EPSILON, Part.CLIPPING, Part.HELD, Part.PENALTY}
)
REMADE = frozenset({Part.NETWORK, Part.WIDTH, Part.NORMALIZATION})


def compiles(printer: Printer) -> bool:
    """Whether something that `compile` is given changes, beside what stands in place."""
    parts = printer.parts & COMPILED - {Part.PENALTY}
    if Part.PENALTY in printer.parts and printer.decays():
        return True
    return bool(parts) or (Part.SCHEDULE in printer.parts and printer.scheduled())


def settable(printer: Printer) -> bool:
    """Whether the rate of a compiled optimizer can be set."""
    if Part.PENALTY in printer.parts and printer.decays():
        return False
    fresh = printer.copies.trained or printer.parts & REMADE or printer.exchanged
    scheduled = printer.plan.scheduled or printer.scheduled()
    return bool(printer.subject._user.compiled and not scheduled and not fresh)


def rate(printer: Printer) -> Block:
    number = text.rate(printer.plan)
    line = f"{printer.model}.optimizer.learning_rate = {number}"
    edit = Argument("optimizer", "learning_rate", number, 0)
    return Block(Role.OPTIMIZER, (line,), (), MODEL, MODEL, (edit,), _replayed(printer))


def _replayed(printer: Printer) -> str:
    """What a rate that a callback sets needs beside."""
    if not printer.plan.routine.rates or Part.RATE not in printer.parts:
        return ""
    return "and in the callback that sets the learning rate"


def compile_call(printer: Printer) -> str:
    """The call of `compile` as a statement of some lines."""
    subject, plan = printer.subject, printer.plan
    own = f"{printer.model}.loss"
    given = plan.loss
    if given is None:
        given = subject._given_loss
        own = printer.names.loss if given is not None else own
        if given is None:
            given = subject._user.loss if subject._user.compiled else None
    weights = subject._user._compile_loss if subject._user.compiled else None
    parts = [f"optimizer={text.optimizer(plan, printer.model)}", f"loss={text.loss(given, own)}"]
    weights = getattr(weights, "_user_loss_weights", None)
    if weights is not None:
        parts.append(f"loss_weights={weights!r}")
    shown = metrics(subject, plan)
    if shown:
        parts.append(f"metrics=[{', '.join(map(_metric, shown))}]")
    return "\n".join([f"{printer.model}.compile(", *(f"    {part}," for part in parts), ")"])


def compiled(printer: Printer, plain: bool) -> Block:
    """All that `compile` is given, in one block.

    Args:
        plain: whether the model is the script's own object, so that edits reach it.
    """
    plan, lines = printer.plan, list[str]()
    edits: list[Edit] = []
    own = printer.subject._given_loss is None
    by_edits = plain and own == bool(printer.subject._user.compiled)  # else of a loop's own
    if Part.LOSS in printer.parts:
        lines, off = layers.ended(printer)
        by_edits = by_edits and (bool(off) or not lines)
        edits += [*off, Call("loss", text.loss(plan.loss, ""))]
        if any(not isinstance(m, str) for m in metrics(printer.subject, plan)):
            shown = ", ".join(map(_metric, metrics(printer.subject, plan)))
            edits.append(Argument("compile", "metrics", f"[{shown}]"))
    if printer.penalized():
        more, off = layers.unpenalized(printer)
        lines += more
        by_edits = by_edits and bool(off)
        edits += off
    if Part.HELD in printer.parts:
        lines.append(f"{printer.model}.trainable = True")
        by_edits = False
    edits += _of_optimizer(printer)
    lines += compile_call(printer).split("\n")
    block = Block(
        Role.OPTIMIZER,
        tuple(lines),
        KERAS,
        _reads(printer, lines),
        MODEL,
        tuple(edits),
        _replayed(printer),
    )
    return block if by_edits else joined(block, [], edits=())


def _reads(printer: Printer, lines: list[str]) -> frozenset[str]:
    code = "\n".join(lines)
    more = {"x"} if f"{printer.x}.shape" in code else set()
    return MODEL | more | ({"loss"} if f"loss={printer.names.loss}," in code else set())


def _of_optimizer(printer: Printer) -> list[Edit]:
    """What differs where the optimizer is made."""
    plan, parts = printer.plan, printer.parts
    if Part.OPTIMIZER in parts:
        return [Call("optimizer", text.optimizer(plan, printer.model))]
    edits: list[Edit] = []
    if Part.RATE in parts or Part.SCHEDULE in parts:
        edits.append(Argument("optimizer", "learning_rate", text.rate(plan), 0))
    if Part.EPSILON in parts:
        edits.append(Argument("optimizer", "epsilon", text.number(plan.config["epsilon"])))
    if Part.PENALTY in parts and printer.decays():
        decay = text.number(plan.config["weight_decay"])
        edits.append(Argument("optimizer", "weight_decay", decay))
    if Part.CLIPPING in parts:
        norm = text.number(plan.config["global_clipnorm"])
        edits += [Argument("optimizer", name, "") for name in ("clipnorm", "clipvalue")]
        edits.append(Argument("optimizer", "global_clipnorm", norm))
    return edits


def _metric(given: Any) -> str:
    at_zero = isinstance(given, keras.metrics.BinaryAccuracy) and given.name == "accuracy"
    return AT_ZERO if at_zero else text.metric(given)


def metrics(subject: KerasSubject, plan: Plan) -> list[Any]:
    """Those of the user that can be made again; accuracy of one logit counts from 0."""
    model = subject._user
    compiled = model._compile_metrics if model.compiled else None
    given = [] if compiled is None else compiled._user_metrics
    given = [m for m in given if text.metric(m)] if isinstance(given, list) else []
    at_zero = plan.output == "linear" and subject._network.output_trail == (1,)
    if plan.loss is None or plan.classes or not at_zero:
        return list(given)
    named = ("accuracy", "acc", "binary_accuracy")
    at_zero = keras.metrics.BinaryAccuracy
    return [at_zero("accuracy", threshold=0.0) if m in named else m for m in given]
