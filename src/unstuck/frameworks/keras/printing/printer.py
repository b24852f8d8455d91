"""What is printed of a cure for a Keras set-up, and what its parts have in common."""

from collections.abc import Iterable
from typing import Any

import keras

from unstuck.changes.change import Combination, Part, Role
from unstuck.cures.printed import Argument, Block, Edit, Names
from unstuck.frameworks.keras.changes import Plan
from unstuck.frameworks.keras.data_code import DataCode
from unstuck.frameworks.keras.optimizer import inner
from unstuck.frameworks.keras.places import FEW, is_listed, numbered, place, position
from unstuck.frameworks.keras.restraints import penalties
from unstuck.frameworks.keras.subject import KerasSubject
from unstuck.frameworks.keras.training import KerasTrainer

KERAS = ("import keras",)
MODEL = frozenset({"model"})


class Printer:
    """What is printed: the changes, and the set-up with them made."""

    def __init__(self, subject: KerasSubject, changes: Combination, names: Names) -> None:
        self.subject, self.changes, self.names = subject, changes, names
        self.plan: Plan = KerasTrainer(subject).planned(changes)
        self.copies = subject.copies
        self.data = DataCode(subject, names)
        self.parts = {c.part for c in changes if not c.of_data}
        self.model, self.source = names.model, subject._model
        self.x = self.data.x
        self.exchanged = self._alone() if self.plan.own else []

    def _alone(self) -> list[tuple[Any, str]]:
        """Activation layers that others stand in place of, with what these apply."""
        given = [(x, self.edits_of(x).get("activation")) for x in self.source._flatten_layers()]
        return [(x, n) for x, n in given if n is not None and not hasattr(x, "activation")]

    def at(self, layer: Any) -> str:
        """A layer of the model as it then is; one with something in front is its last layer."""
        name = self.model
        if Part.NORMALIZATION in self.parts:
            name = f"{self.model}.layers[-1]"
        return place(self.source, layer, name)

    def edits_of(self, layer: Any) -> dict[str, Any]:
        """Entries of a layer's config that the changes set."""
        return self.plan.edits.get(id(layer), {})

    def in_place(self, role: Role, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        """A block that changes the model that is there."""
        imports = KERAS if any("keras." in line for line in lines) else ()
        return Block(role, tuple(lines), imports, MODEL, MODEL, edits)

    def arguments(self, of: Iterable[tuple[Any, str, str]]) -> tuple[Edit, ...]:
        """Arguments of layers where the script makes them; () where one has no number."""
        edits = []
        for layer, name, code in of:
            number = numbered(self.source, layer)
            if not number or not hasattr(layer, "_trainable_variables"):
                return ()
            edits.append(Argument(number, name, code, position(layer, name)))
        return tuple(edits)

    def several(self, layers: list[Any]) -> str:
        """Layers as an expression, one by one where they are few."""
        if len(layers) <= FEW or not is_listed(self.source):
            return f"[{', '.join(self.at(x) for x in layers)}]"
        at = [i for i, x in enumerate(self.source.layers) if any(x is y for y in layers)]
        if len(at) < len(layers):
            return f"[{', '.join(self.at(x) for x in layers)}]"
        return f"[{self.model}.layers[i] for i in {at}]"

    def build(self) -> list[str]:
        """Weights that a model does not have before it sees data."""
        if self.subject._user.built:
            return []
        return [f"{self.model}.build((None, *{self.x}.shape[1:]))"]

    def new(self, lines: list[str], edits: tuple[Edit, ...] = ()) -> Block:
        """A block that leaves another model under the model's name."""
        return Block(Role.NETWORK, tuple(lines), KERAS, MODEL, MODEL, edits)

    def scheduled(self) -> bool:
        """Whether the user's optimizer has a schedule of its own."""
        own = self.subject._optimizer
        schedule = keras.optimizers.schedules.LearningRateSchedule
        return own is not None and isinstance(inner(own)._learning_rate, schedule)

    def decays(self) -> bool:
        """Whether the user's optimizer decays weights."""
        optimizer = self.subject._optimizer
        return optimizer is not None and bool(getattr(inner(optimizer), "weight_decay", 0))

    def penalized(self) -> bool:
        """Whether regularisers of the user's are changed."""
        return Part.PENALTY in self.parts and bool(penalties(self.source))


def joined(block: Block, lines: list[str], edits: tuple[Edit, ...] | None = None) -> Block:
    """The same with more lines, and other edits."""
    more = [part for line in lines for part in line.split("\n")]
    return Block(
        block.role,
        (*block.lines, *more),
        block.imports,
        block.reads,
        block.writes,
        block.edits if edits is None else edits,
        block.comment,
    )
