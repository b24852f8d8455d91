"""Changes of the training loop as code."""

from unstuck.changes.change import Change, Role
from unstuck.cures.printed import Argument, Behind, Block, Clear, Insert, Itself, TakeOff, TakeOut
from unstuck.frameworks.torch.printing.printer import IMPORT, Printer, data_names


def detaching(printer: Printer, change: Change) -> Block:
    return Block(Role.TRAINING, (), edits=(TakeOff("detach"),), comment=change.says)


def clipping(printer: Printer, change: Change) -> Block:
    call = f"torch.nn.utils.clip_grad_norm_({printer.names.model}.parameters(), {change.value:g})"
    comment = f"between backward() and {printer.names.optimizer}.step(): {call}"
    return Block(
        Role.TRAINING,
        (),
        reads=frozenset({"model"}),
        edits=(Insert(call, "step"),),
        comment=comment,
    )


def zeroing(printer: Printer, change: Change) -> Block:
    if change.value == "step":
        return Block(
            Role.TRAINING,
            (),
            edits=(Behind("step", "backward"),),
            comment=f"{printer.names.optimizer}.step() behind backward(), before zero_grad()",
        )
    if change.value == "backward":
        call = f"{printer.names.objective}.backward()"
        comment = f"before {printer.names.optimizer}.step() in each step: {call}"
        return Block(Role.TRAINING, (), edits=(Insert(call, "step"),), comment=comment)
    if change.value == "loss":
        comment = "differentiate the loss itself: no torch.tensor(loss.item(), requires_grad=True)"
        return Block(Role.TRAINING, (), edits=(Itself(),), comment=comment)
    if not printer.names.optimizer and not printer.names.model:
        return Block(Role.TRAINING, (), edits=(Clear(),), comment="each gradient set to zero")
    owner = "optimizer" if printer.names.optimizer else "model"
    call = f"{getattr(printer.names, owner)}.zero_grad()"
    return Block(
        Role.TRAINING,
        (),
        reads=frozenset({owner}),
        edits=(Insert(call, "backward"),),
        comment=f"before backward() in each step: {call}",
    )


def schedule(printer: Printer, change: Change) -> Block:
    epoch = change.value == "epoch"
    comment = "call scheduler.step() once an epoch, behind the loop over batches"
    if not epoch:
        comment = "without the scheduler: the learning rate stays as it begins"
    return Block(Role.TRAINING, (), edits=(TakeOut("step", "scheduler", epoch),), comment=comment)


def batch(printer: Printer, change: Change) -> Block:
    return loader(printer, "batch_size", str(change.value))


def shuffling(printer: Printer, change: Change) -> Block:
    return loader(printer, "shuffle", "True")


def loader(printer: Printer, name: str, to: str) -> Block:
    names, done = printer.names, printer.done
    x, y, *_ = data_names(names)
    data = f"{names.loader}.dataset" if names.loader else f"list(zip({x}, {y}))"
    line = f"{names.loader or 'loader'} = {loader_code(data, done.batch_size, done.shuffled)}"
    reads = frozenset({"loader"} if names.loader else {"x", "y"})
    edit = Argument("loader", name, to, 1 if name == "batch_size" else 2)
    return Block(Role.TRAINING, (line,), IMPORT, reads, frozenset({"loader"}), (edit,))


def steps(printer: Printer, change: Change) -> Block:
    assert isinstance(change.value, float | int)
    comment = f"train for {change.value:g} times as many epochs"
    return Block(Role.TRAINING, (), comment=comment)


def loader_code(data: str, size: int, shuffled: bool) -> str:
    shuffle = ", shuffle=True" if shuffled else ""
    return f"torch.utils.data.DataLoader({data}, batch_size={size}{shuffle})"
