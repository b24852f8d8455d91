"""Recurrent and attention layers that take the first axis of a batch for time, made to take it for
the examples."""

from typing import Any

from unstuck.cures.printed import Argument
from unstuck.frameworks.torch.containers import place
from unstuck.frameworks.torch.logits import Refused


def _time_first(model: Any) -> list[str]:
    """Names of the modules that take the first axis for time, outermost ones."""
    found = [n for n, m in model.named_modules() if _is_time_first(m)]
    return [n for n in found if not any(n != o and f"{n}.".startswith(f"{o}.") for o in found)]


def _is_time_first(module: Any) -> bool:
    return getattr(module, "batch_first", None) is False


def take_first(model: Any) -> None:
    """Makes all of them take it for the examples.

    Raises:
        Refused: there are none.
    """
    found = [m for m in model.modules() if _is_time_first(m)]
    if not found:
        raise Refused("no layer takes another axis for the examples")
    for module in found:
        module.batch_first = True


# Made from an argument of theirs, attention layers of which several are copies of one.
HANDED_ON = ("TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer")


def batch_first_code(model: Any, name: str) -> tuple[list[str], tuple[Argument, ...]]:
    """The same as lines, and as an argument where one call makes all such layers.

    Args:
        name: of the model in the program.
    """
    outer = _time_first(model)
    kinds = [_made_by(model, n) for n in outer]
    once = len(set(kinds)) == 1 and (len(outer) == 1 or kinds[0] in HANDED_ON)
    edits = (Argument(f"call {kinds[0]}", "batch_first", "True"),) if once else ()
    lines = [f"{place(name, n)}.batch_first = True" for n in outer]
    if kinds[0] in HANDED_ON:
        lines = [
            f"for layer in {name}.modules():",
            '    if hasattr(layer, "batch_first"):',
            "        layer.batch_first = True",
        ]
    return lines, edits


def _made_by(model: Any, name: str) -> str:
    """The class whose argument a layer's axis is."""
    parts = name.split(".")
    above = [".".join(parts[:i]) for i in range(len(parts))]
    kinds = [type(model.get_submodule(n)).__name__ for n in above]
    return next(
        (k for k in HANDED_ON[::-1] if k in kinds), type(model.get_submodule(name)).__name__
    )
