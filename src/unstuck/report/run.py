"""The end of a run on the terminal: each line at which training started, on a line or two."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.text import Text

    from unstuck.script.trainings import Line


def summary(lines: "Sequence[Line]") -> "Text":
    """What was seen, in short."""
    from rich.text import Text

    told = Text("\nunstuck: " if lines else "unstuck: no training seen")
    for i, line in enumerate(lines):
        told.append("\n" if i else "")
        told.append(f"{line}: ", "bold")
        count = len(line.watches)
        told.append(f"{count} trainings, the worst {line.worst}" if count > 1 else str(line.worst))
        told.append("\n  ")
        told.append(_verdict(line))
    return told


def _verdict(line: "Line") -> str:
    if line.proof is not None:
        return line.proof.outcome + ("; cured in the patched copy" if line.cured else "")
    if line.report is None:
        return f"not looked at: {line.refused or 'see above'}"
    names = ", ".join(suspect.name for suspect in line.report.suspects)
    verdict = f"suspected: {names}" if names else line.report.verdict
    return f"{verdict}; no proof: {line.unproven}" if line.unproven else verdict


def tried(lines: "Sequence[Line]", after: "dict[int, dict[str, Any]]") -> "Text":
    """What the script did as it is, and what its patched copy did.

    Args:
        after: the copy's records of these lines, by their number.
    """
    from rich.text import Text

    from unstuck.report.wording import quantity

    told = Text("unstuck: the patched copy was run")
    for i, record in after.items():
        told.append(f"\n{lines[i]}\n", "bold")
        told.append(f"  as it is  {lines[i].worst}\n")
        first, last = (
            next((t[k] for t in record["trainings"] if t[k] is not None), None)
            for k in ("first", "last")
        )
        losses = "" if first is None or last is None else f"{quantity(first)} → {quantity(last)}"
        told.append("  patched   ")
        told.append(f"{record['state']}: loss {losses}", "bold green")
    return told
