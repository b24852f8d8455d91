"""A cure as an object and as code, before it has been verified."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from unstuck.changes.data import Data
from unstuck.setups.subject import Floats


def _as_it_is(output: Floats) -> Floats:
    return output


@dataclass(frozen=True, eq=False)
class Built:
    """A set-up with the cure in it.

    Args:
        model: a new object of the user's framework, ready to train on the user's own x and y;
            the original is untouched.
        code: a snippet that runs as printed where the user's own `model`, `x` and `y` (and, for
            torch, `loss` and `optimizer`) exist, and leaves the cured set-up under these names.
        arguments: what `unstuck.diagnose` needs beside the model, x and y.
        data: what the model is to be trained on: the user's, but for what the model does not do
            itself. None: the user's own.
        restored: (n, k) outputs ↦ what the user's own output activation makes of them, where the
            cure took it off, so that both are judged alike.
    """

    model: Any
    code: str
    arguments: dict[str, Any]
    data: Data | None = None
    restored: Callable[[Floats], Floats] = _as_it_is
