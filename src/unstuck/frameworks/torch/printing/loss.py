"""Changes of the loss as code."""

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Argument, Block, Call, Edit
from unstuck.frameworks.torch.printing.network import last_layer
from unstuck.frameworks.torch.printing.printer import IMPORT, Printer, data_names


def loss(printer: Printer, change: Change) -> Block:
    found = printer.done.logits
    assert found is not None
    code = found.code.replace("loss.", f"{printer.names.loss}.")
    lines: tuple[str, ...] = (f"{printer.names.loss} = {code}",) if code else ()
    edits: tuple[Edit, ...] = (Call("loss", code),) if code else ()
    comment = ""
    if printer.done.classes and not printer.done.plain:
        wide, edit = last_layer(printer)
        lines, edits = (wide, *lines), (edit, *edits)
    if found.step is not None:
        comment = "in the step: cross_entropy for nll_loss, and the like, on what is a logit"
    if found.remove is None:
        block = Block(Role.LOSS, lines, comment=comment)
    else:
        block = printer.of_model(Role.LOSS, list(lines))
        if not printer.done.plain:
            block = printer.without(found.remove, Role.LOSS, lines)
        edits = (*block.edits, *edits)
        comment = "; ".join(c for c in (block.comment, comment) if c)
    reads = {"model"} if found.remove or printer.done.classes else set()
    if f"{printer.names.loss}." in code:
        reads |= {"loss"}
    writes = reads - {"loss"} | ({"loss"} if code else set())
    imports = IMPORT if any("torch." in line for line in block.lines) else ()
    return Block(
        Role.LOSS, block.lines, imports, frozenset(reads), frozenset(writes), edits, comment
    )


def class_weights(printer: Printer, change: Change) -> Block:
    loss, own = printer.names.loss, printer.subject.setup.loss
    lines: list[str] = []
    edits: tuple[Edit, ...] = ()
    comment = ""
    reads: set[str] = set()
    if change.value == "none":
        comment = "give the loader no sampler" if printer.subject.about.routine.weights else ""
        given = [n for n in ("weight", "pos_weight") if getattr(own, n, None) is not None]
        lines = [f"{loss}.{name} = None" for name in given]
        edits = tuple(Argument("loss", name, "") for name in given)
        reads = {"loss"}
    else:
        _, y, *_ = data_names(printer.names)
        reads = {"loss", "y"}
        source = f"torch.as_tensor({y}).long()"
        if printer.names.loader:
            source, reads = (
                f"torch.cat([y for _, y in {printer.names.loader}])",
                {"loss", "loader"},
            )
        lines = [
            f"counts = torch.bincount({source})",
            f"{loss}.weight = counts.sum() / ((counts > 0).sum() * counts.clamp(min=1))",
        ]
    imports = IMPORT if any("torch." in line for line in lines) else ()
    read = frozenset(reads)
    return Block(Role.LOSS, tuple(lines), imports, read, read & {"loss"}, edits, comment)
