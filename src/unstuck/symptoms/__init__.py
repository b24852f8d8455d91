"""Judgements on probes, each with its threshold and the threshold's source, grouped by what they
look at: the inputs, the targets, how the parts fit together, the start, one step."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstuck.symptoms.symptom import Symptom


@cache
def symptoms() -> "tuple[Symptom, ...]":
    """All symptoms, in the order of the flow: data, wiring, start, step."""
    from importlib import import_module

    from unstuck.symptoms.symptom import Symptom

    found = []
    for name in ("inputs", "targets", "wiring", "start", "step"):
        file = import_module(f"unstuck.symptoms.{name}")
        found += [value for value in vars(file).values() if isinstance(value, Symptom)]
    return tuple(found)
