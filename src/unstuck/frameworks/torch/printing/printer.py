"""What is printed of a cure for a torch set-up, and what its parts have in common."""

import inspect
from functools import cached_property
from typing import Any

import torch

from unstuck.changes.change import Combination, Part, Role
from unstuck.cures.lines import fresh
from unstuck.cures.printed import Block, Edit, Names, Unwrap
from unstuck.errors import UsageError
from unstuck.frameworks.torch.containers import containers, place, unlisted
from unstuck.frameworks.torch.logits import Refused
from unstuck.frameworks.torch.setup import seeded
from unstuck.frameworks.torch.subject import TorchSubject
from unstuck.frameworks.torch.training import TorchTrainer

IMPORT = ("import torch",)
REBUILT = frozenset({Part.NETWORK, Part.WIDTH})  # their parameters are others


class Printer:
    """What is printed: the changes, and the set-up with them made."""

    def __init__(self, subject: TorchSubject, changes: Combination, names: Names) -> None:
        self.subject, self.changes, self.names = subject, changes, names
        self.trainer = TorchTrainer(subject)
        x, y = subject.first(64)
        assert y is not None
        with seeded(subject.device):
            try:
                tensors = self.trainer.tensors(x, y)
                self.done = self.trainer.ready(changes, 0, tensors, self.trainer.keep.trained)
            except Refused as reason:
                raise UsageError(f"this cannot be changed: {reason}") from None

    def of_model(self, role: Role, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        """A block that reads and writes the model."""
        torches = IMPORT if any("torch." in line for line in lines) else ()
        read = frozenset({"model"})
        return Block(role, tuple(lines), torches, read, read, edits)

    def without(self, end: Any, role: Role, lines: tuple[str, ...] = (), by: str = "") -> Block:
        """A block that takes an activation off the model's end, or exchanges it."""
        model, whole = self.names.model, self.subject.setup.model
        off = Unwrap(end.name, type(whole).__name__, by)
        if end.module:
            module = f"torch.nn.{by.title() or 'Identity'}()"
            return self.of_model(role, [put(model, end.module, module), *lines], (off,))
        block = self.of_model(role, list(lines), (off,))
        comment = f"take {end.name} out of the end of forward()"
        comment += f", and put {by} there" if by else ""
        return Block(
            role, block.lines, block.imports, block.reads, block.writes, block.edits, comment
        )

    def registered(self) -> list[str]:
        """Lines that put layers in plain lists and dictionaries where torch sees them."""
        return [f"{whole} = {made}" for whole, _, made in self.containers if made]

    def hidden(self) -> list[str]:
        """Layers in plain lists that cannot be put so, as expressions."""
        return [e for whole, values, made in self.containers if not made
                for e in unlisted(self.subject.setup.model, values, whole)]  # fmt: skip

    @cached_property
    def containers(self) -> list[tuple[str, Any, str]]:
        held = Part.HELD in {c.part for c in self.changes}
        return containers(self.subject.setup.model, self.names.model) if held else []


def data_names(names: Names) -> tuple[str, str, str, str]:
    """Of x, y and what is held out of them; behind a loader these are names of its own."""
    if not names.loader:
        return names.x, names.y, names.x_held, names.y_held
    return fresh("inputs", names.taken), fresh("targets", names.taken), "", ""


def put(model: str, name: str, code: str) -> str:
    """A line that puts a module where another one is."""
    return f"{place(model, name)} = {code}"


def numbers_of(kind: type[Any], group: dict[str, Any]) -> dict[str, Any]:
    """The numbers of an optimizer that are not its class's defaults; the rate in any case."""
    defaults = inspect.signature(kind).parameters
    return {
        name: group_value
        for name, group_value in group.items()
        if name in defaults
        and name not in ("params", "fused", "foreach")
        and (name == "lr" or group_value != defaults[name].default)
    }


def number(value: Any) -> str:
    """A number as code, with three significant digits where it is a float."""
    if isinstance(value, torch.Tensor):
        value = value.item()
    return f"{value:.3g}" if isinstance(value, float) else repr(value)
