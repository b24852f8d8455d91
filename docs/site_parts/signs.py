"""What a cause is suspected by, as a picture: each sign on its example, and on what only looks like
it."""

from collections.abc import Mapping
from math import isfinite, log10
from typing import Any

from unstuck.records.quantity import quantity
from unstuck.records.report import Report, Suspect
from unstuck.report.page.drawing import AFTER, BEFORE, FAINT, INK, Picture, drawing, svg

ROW, EDGES, MOST = 40, 16, 4  # pixels of a row, around all; rows
DECADES = 6  # of a row, below its larger value: what is smaller is drawn there


def picture(suspect: Suspect, report: Report, sound: Mapping[str, Any]) -> Picture | None:
    """None where no sign is a number that differs.

    Args:
        suspect: the cause in its example's report.
        sound: the same probes' values on what looks like it, by name; by place, where there are
            several.
    """
    rows = list[tuple[str, str, float, float]]()
    for e in suspect.evidence:
        other = sound.get(e.probe)
        other = other.get(e.where) if isinstance(other, Mapping) else other
        if _number(e.value) and _number(other) and e.value != other:
            name = f"{e.probe.replace('_', ' ')}{f' ({e.where})' if e.where else ''}"
            rows.append((name, report.units.get(e.probe, ""), float(e.value), float(other)))
    if not rows:
        return None
    rows = rows[:MOST]
    with drawing(EDGES + ROW * len(rows)) as (figure, (axes,)):
        axes.set_xlim(-0.3, 1.3)
        for i, (name, unit, fault, fine) in enumerate(rows):
            at = [_place(v, max(abs(fault), abs(fine))) for v in (fault, fine)]
            axes.plot(at, [-i, -i], color=FAINT, lw=1.5)
            for value, x, beyond, colour in (
                (fault, at[0], fault > fine, BEFORE),
                (fine, at[1], fine > fault, AFTER),
            ):
                axes.plot([x], [-i], "o", color=colour, ms=6)
                axes.text(
                    x + (0.03 if beyond else -0.03), -i, quantity(value, unit), color=colour,
                    ha="left" if beyond else "right", va="center", fontweight="bold",
                )  # fmt: skip
            axes.text(-0.3, -i + 0.4, name, color=INK, va="center")
        axes.set_ylim(-len(rows) + 0.6, 0.7)
        axes.set_axis_off()
        told = [f"{n}: {quantity(a, u)}, else {quantity(b, u)}" for n, u, a, b in rows]
        drawn = svg(figure, "; ".join(told))
    name, unit, fault, fine = rows[0]
    told = (quantity(v, unit) for v in (fault, fine))
    title = "{}: {} with the fault, {} without".format(name.capitalize(), *told)
    note = (
        "Measured before training; apart by orders of magnitude. Red: the example; blue: the"
        " look-alike."
    )
    return Picture("signs", title, drawn, note)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _place(value: float, largest: float) -> float:
    """From 0 to 1 by its order of magnitude below the largest of the row."""
    if value == 0 or largest == 0:
        return 0.0
    return max(0.0, 1 + log10(abs(value) / largest) / DECADES)
