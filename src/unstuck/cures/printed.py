"""A cure printed as code: blocks with roles, in names that whoever asks for them chooses.

A framework's printer, `printed(subject, cure, names)` in its `cure.py`, gives one block a step.
Code for a reader is the blocks one after the other; a patch places each where the script does
that kind of thing, or makes its edits there. Nobody reads code text back.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from unstuck.changes.change import Role


@dataclass(frozen=True)
class Names:
    """How a program calls what a cure works on: any expression, e.g. "self.net".

    Args:
        model, x, y, loss, optimizer: of the training; those that a framework has not are unused.
            An optimizer of "" is none: the script writes its updates out; a model of "" is no
            object, but a function of parameters.
        objective: the number that is differentiated, for torch.
        loader: yields the batches, for torch; "" where there is none.
        x_held, y_held: validation data; "" where there are none.
        taken: other names that are in use, so that new ones differ.
    """

    model: str = "model"
    x: str = "x"
    y: str = "y"
    loss: str = "loss"
    optimizer: str = "optimizer"
    objective: str = "loss"
    loader: str = ""
    x_held: str = ""
    y_held: str = ""
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Argument:
    """An argument to set where something is made.

    Args:
        of: what: "optimizer", "loss", "compile", "fit", "loader", "estimator", or a layer:
            "layer 2" for the third layer of the model that has parameters, in forward order;
            "call LSTM" for the only call of that name.
        name: of the keyword.
        value: as code; "" to take it out.
        position: where it may stand without its keyword; None if it cannot.
    """

    of: str
    name: str
    value: str
    position: int | None = None


@dataclass(frozen=True)
class Call:
    """Another class or function to make something by.

    Args:
        of: as in `Argument`.
        code: the whole expression.
    """

    of: str
    code: str


@dataclass(frozen=True)
class Insert:
    """A line to put before, or behind, a call in the training loop.

    Args:
        line: of code.
        call: the method's name: "backward", "step", "zero_grad".
        behind: whether behind it.
    """

    line: str
    call: str
    behind: bool = False


@dataclass(frozen=True)
class TakeOut:
    """A line to take out of the loop over batches, or out of the program.

    Args:
        call: the method's name.
        of: the object's name in the script.
        to_epoch: whether it goes behind the loop over batches, in that over epochs.
    """

    call: str
    of: str
    to_epoch: bool = False


@dataclass(frozen=True)
class Behind:
    """A line of the training loop to put behind another.

    Args:
        call: the method's name: "step".
        of: the method's name in the line that comes first: "backward".
    """

    call: str
    of: str


@dataclass(frozen=True)
class Unwrap:
    """The output activation to take off, or to exchange, where a model applies it.

    Args:
        name: of the activation's function: "softmax".
        kind: class of the model; "" for a function.
        by: name of the one in its place, "sigmoid"; "" for none.
    """

    name: str
    kind: str
    by: str = ""


@dataclass(frozen=True)
class Negate:
    """What a function returns, with its other sign.

    Args:
        name: of the function.
    """

    name: str


@dataclass(frozen=True)
class Rate:
    """The learning rate, where a script may write its gradient descent out.

    Args:
        factor: that the rate of a descent which is written out is multiplied by.
        optimizer: the argument of the optimizer that a script makes; None if it is not known.
    """

    factor: float
    optimizer: Argument | None


@dataclass(frozen=True)
class Clear:
    """Each gradient set to zero behind the step with it that a script writes out."""


@dataclass(frozen=True)
class TakeOff:
    """A call of a tensor's method to take off on the way to the loss: its owner stays.

    Args:
        call: the method's name.
    """

    call: str


@dataclass(frozen=True)
class Move:
    """An axis to move to the front before a tensor is given another shape.

    Args:
        line: of the script, from 1, with one such call.
        axis: from 1.
    """

    line: int
    axis: int


@dataclass(frozen=True)
class Itself:
    """What a loop differentiates is the loss itself, and no tensor made anew of its number."""


Edit = (
    Argument
    | Behind
    | Call
    | Clear
    | Insert
    | Itself
    | Move
    | Negate
    | Rate
    | TakeOff
    | TakeOut
    | Unwrap
)


@dataclass(frozen=True)
class Inward:
    """A change of inputs with its figures as numbers.

    Args:
        kind: class of the model.
        code: an expression of "{}", the inputs.
    """

    kind: str
    code: str


@dataclass(frozen=True)
class Block:
    """One step of a cure as code.

    Args:
        role: where it belongs.
        lines: statements in the names that were asked for; empty where only an edit does it.
        imports: statements that they need.
        reads, writes: of `Names`' fields, which the lines use, and which they bind anew.
        edits: the same as changes at the places where a script makes things: a patch prefers
            them, and all of them together do what the lines do. Empty if there are none.
        comment: what the reader must do beside, "" for nothing.
        inside: attribute of the model by which what it learns (`loss_`, `n_iter_`) is reached once
            the lines have wrapped it; "" where they do not.
        whole: whether it belongs to all data, before any are split off for training.
        by_row: whether its lines change each row of one array by itself, `y = …`, so that they may
            change batches instead.
        recodes: whether its lines write labels otherwise.
        inward: the same where a network's forward pass begins; None where it cannot be done there.
    """

    role: Role
    lines: tuple[str, ...]
    imports: tuple[str, ...] = ()
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    edits: tuple[Edit, ...] = field(default=())
    comment: str = ""
    inside: str = ""
    whole: bool = False
    by_row: bool = False
    recodes: bool = False
    inward: Inward | None = None


def code(blocks: Iterable[Block]) -> str:
    """The blocks as one snippet: imports first, then lines and comments in order."""
    blocks = list(blocks)
    imports = sorted({line for block in blocks for line in block.imports})
    body: list[str] = []
    for block in blocks:
        body += [f"# {block.comment}"] if block.comment else []
        body += block.lines
    return "\n".join([*imports, *([""] if imports and body else []), *body]) + "\n"
