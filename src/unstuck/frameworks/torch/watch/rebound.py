"""Steps that a script computes and gives to a name: `p = p - rate * p.grad` leaves the parameter
that the model has as it is."""

import ast
from functools import cache
from pathlib import Path

from unstuck.records.training import Sighting
from unstuck.watching.place import Place
from unstuck.watching.sightings import sighting

SURE = 10  # backward passes in a row that find the parameters of the first


def discarded(place: Place | None, passes: int) -> Sighting | None:
    """The fault, where parameters stood still and the script's text says why; else None: passes
    may be made for the gradients alone.

    Args:
        place: where a loss is differentiated.
        passes: in a row that found the same parameters.
    """
    if place is None or passes < SURE:
        return None
    line = _rebinding(place.file)
    if line is None:
        return None
    return sighting(
        "updates-discarded",
        passes,
        "0",
        "backward passes in a row whose parameters are those of the first",
        f"updates are computed and thrown away: line {line} gives them to a name, and the model's"
        f" parameters are those of the first of {passes} backward passes",
    )


@cache
def _rebinding(file: str) -> int | None:
    """The line of a file that gives `p - … p.grad …` to p; None for none, or several."""
    try:
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    found = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and len(node.targets) == 1
        for target in node.targets
        if isinstance(target, ast.Name) and _is_step(node.value, target.id)
    ]
    return found[0] if len(found) == 1 else None


def _is_step(value: ast.expr, name: str) -> bool:
    if not isinstance(value, ast.BinOp) or not isinstance(value.op, ast.Sub | ast.Add):
        return False
    if not isinstance(value.left, ast.Name) or value.left.id != name:
        return False
    return any(
        isinstance(n, ast.Attribute) and n.attr == "grad" and ast.unparse(n.value) == name
        for n in ast.walk(value.right)
    )
