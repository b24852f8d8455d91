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


def batch_first_code(model: Any, name: str) -> tuple[list[str], tuple[Argument, ...]]:
    """The same as lines, and as an argument where there is one such layer.

    Args:
        name: of the model in the program.
    """
    outer = _time_first(model)
    inside = [m for m in model.modules() if _is_time_first(m)]
    kind = type(model.get_submodule(outer[0])).__name__
    edits = (Argument(f"call {kind}", "batch_first", "True"),) if len(outer) == 1 else ()
    if len(inside) > len(outer):  # a layer of attention layers hands it on when it is made
        lines = [
            f"for layer in {name}.modules():",
            '    if hasattr(layer, "batch_first"):',
            "        layer.batch_first = True",
        ]
    else:
        lines = [f"{place(name, n)}.batch_first = True" for n in outer]
    return lines, edits
