"""Views that put another axis where that of the examples belongs, as `h_n.view(n, -1)` of an
(layers, n, units) does, with that axis moved to the front first."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.overrides import TorchFunctionMode

VIEWS = frozenset({"view", "reshape"})
_OURS = str(Path(__file__).parents[2])


class Place(NamedTuple):
    """Where a script cuts across the examples.

    Args:
        line: of the script's file.
        axis: of the examples, before.
    """

    line: int
    axis: int


class Moving(TorchFunctionMode):  # type: ignore[misc]
    """Within it views find the examples first.

    Args:
        rows: examples of the batch.
        places: the views that are found otherwise are noted here.
    """

    def __init__(self, rows: int, places: list[Place]) -> None:
        super().__init__()
        self.rows, self.places = rows, places

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        output = func(*args, **(kwargs or {}))
        if getattr(func, "__name__", "") not in VIEWS or not isinstance(output, torch.Tensor):
            return output
        axis = _axis(tuple(args[0].shape), tuple(output.shape), self.rows)
        if axis is None:
            return output
        self.places.append(Place(_line(), axis))
        return args[0].movedim(axis, 0).reshape(output.shape)


def move_first(model: Any) -> list[Place]:
    """Has a model's forward pass find the examples first in every view.

    Returns:
        the views that are found otherwise, as they are met.
    """
    forward, places = model.forward, list[Place]()

    def moved(*args: Any, **kwargs: Any) -> Any:
        leaves = torch.utils._pytree.tree_leaves((args, kwargs))
        given = next(t for t in leaves if isinstance(t, torch.Tensor) and t.ndim)
        with Moving(len(given), places):
            return forward(*args, **kwargs)

    model.forward = moved
    return places


def _axis(before: tuple[int, ...], after: tuple[int, ...], rows: int) -> int | None:
    """The axis of the examples before a view, where it is not the first and seems so after it."""
    if not before or not after or before[0] == rows or after[0] != rows:
        return None
    found = [k for k, size in enumerate(before) if size == rows]
    return found[0] if len(found) == 1 else None


def _line() -> int:
    """The script's line that is being executed."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS) and "site-packages" not in file:
            return int(frame.f_lineno)
        frame = frame.f_back
    return 0
