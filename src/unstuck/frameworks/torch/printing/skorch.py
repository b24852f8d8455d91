"""What stands around a cure's code for skorch."""

from unstuck.changes.change import Role
from unstuck.cures.printed import Block, Names
from unstuck.frameworks.torch.changes.changed import Changed
from unstuck.frameworks.torch.printing.printer import number, numbers_of


def opened(names: Names) -> Block:
    model = names.model
    lines = (
        f"net = {model} if {model}.initialized_ else {model}.initialize()  # of skorch",
        f"{model}, {names.loss}, {names.optimizer} = net.module_, net.criterion_, net.optimizer_",
    )
    return Block(
        Role.NETWORK, lines, (), frozenset({"model"}), frozenset({"model", "loss", "optimizer"})
    )


def closed(names: Names, done: Changed) -> Block:
    optimizer = names.optimizer
    given = [f"module={names.model}", f"criterion={names.loss}", f"optimizer=type({optimizer})"]
    given += [
        f"{k if k == 'lr' else f'optimizer__{k}'}={number(v)}"
        for k, v in numbers_of(type(done.setup.optimizer), done.groups[0]).items()
    ]
    lines = (f"{names.model} = net.set_params({', '.join(given)})",)
    return Block(
        Role.TRAINING, lines, (), frozenset({"model", "loss", "optimizer"}), frozenset({"model"})
    )
