"""A cure of a skorch net as code: of its module, criterion and optimizer, or as its arguments."""

from collections.abc import Mapping, Sequence

from unstuck.changes.change import Role
from unstuck.cures.printed import Argument, Block, Call, Edit, Names, Unwrap


def of_net(
    inner: Sequence[Block], net: str, own: Names, kind: str, numbers: Mapping[str, str]
) -> Block:
    """Blocks for a module, a criterion and an optimizer, made one for the net that has them.

    Args:
        inner: in the names `own`.
        net: what the skorch net is called.
        own: what its module, criterion and optimizer are called in the lines.
        kind: class of the cured optimizer, by its own name.
        numbers: its numbers that are not the defaults, as code; the rate in any case.
    """
    made = {k if k == "lr" else f"optimizer__{k}": v for k, v in numbers.items()}
    given = [f"module={own.model}", f"criterion={own.loss}", f"optimizer=type({own.optimizer})"]
    given += [f"{k}={v}" for k, v in made.items()]
    lines = (
        f"if not {net}.initialized_:  # a net of skorch",
        f"    {net}.initialize()",
        f"{own.model}, {own.loss} = {net}.module_, {net}.criterion_",
        f"{own.optimizer} = {net}.optimizer_",
        *(line for block in inner for line in block.lines),
        f"{net}.set_params({', '.join(given)})",
    )
    asked = {"optimizer": f"torch.optim.{kind}", **made}
    edits = [(edit, _of_estimator(edit, own, asked)) for b in inner for edit in b.edits]
    whole = all(b.edits for b in inner) and all(arguments for _, arguments in edits)
    return Block(
        Role.TRAINING,
        lines,
        ("import torch",),
        frozenset({"model"}).union(*(b.reads & {"x", "y"} for b in inner)),
        frozenset({"model"}),
        tuple(e for _, arguments in edits for e in arguments) if whole else (),
        "; ".join(b.comment for b in inner if b.comment),
    )


def _of_estimator(edit: Edit, own: Names, optimizer: Mapping[str, str]) -> tuple[Edit, ...]:
    """The arguments of a net that do the same as an edit; () where there are none."""
    match edit:
        case Call(of="loss", code=code) if "lambda" not in code and f"{own.loss}." not in code:
            return (Argument("estimator", "criterion", code.removesuffix("()"), 1),)
        case Call(of="optimizer"):
            return tuple(Argument("estimator", k, v) for k, v in optimizer.items())
        case Argument(of="optimizer", name=name, value=value) if name != "params":
            return (Argument("estimator", name if name == "lr" else f"optimizer__{name}", value),)
        case Argument(of="loader", name="batch_size", value=value):
            return (Argument("estimator", "batch_size", value),)
        case Argument(of="loader", name="shuffle", value=value):
            return (Argument("estimator", "iterator_train__shuffle", value),)
        case Unwrap():
            return (edit,)
        case Argument(of=of) if of.startswith(("layer ", "call ")):
            return (edit,)
    return ()
