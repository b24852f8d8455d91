"""What a cause is suspected by, as a picture: each sign on its example, and on what only looks like
it."""

from collections.abc import Mapping
from math import isfinite, log10
from textwrap import wrap
from typing import Any

from unstuck.records.quantity import quantity
from unstuck.records.report import Evidence, Report, Suspect
from unstuck.report.page.drawing import AFTER, BEFORE, FAINT, INK, MUTED, Picture, drawing, svg

ROW, EDGES, MOST = 40, 16, 4  # pixels of a row, around all; rows
LINE, WIDE = 18, 58  # pixels of a line of words; its characters
DECADES = 6  # of a row, below its larger value: what is smaller is drawn there


def picture(suspect: Suspect, report: Report, sound: Mapping[str, Any]) -> Picture:
    """In words where no sign is a number that differs.

    Args:
        suspect: the cause in its example's report.
        sound: the same probes' values on what looks like it, by name; by place, where there are
            several.
    """
    rows = list[tuple[str, str, float, float]]()
    for e in suspect.evidence:
        other = _beside(e, sound)
        if _number(e.value) and _number(other) and e.value != other:
            name = f"{_named(e)}{f' ({e.where})' if e.where else ''}"
            rows.append((name, report.units.get(e.probe, ""), float(e.value), float(other)))
    if not rows:
        return _in_words(suspect, report, sound)
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
    name, unit, fault, fine = next((row for row in rows if _apart(*row[2:])), rows[0])
    title = (
        f"{name.capitalize()}: {quantity(fault, unit)} with the fault,"
        f" {quantity(fine, unit)} without"
    )
    note = (
        "Measured before training; apart by orders of magnitude. Red: the example; blue: the"
        " look-alike."
    )
    return Picture("signs", title, drawn, note)


def _in_words(suspect: Suspect, report: Report, sound: Mapping[str, Any]) -> Picture:
    """What was measured, on the look-alike too where that tells them apart; what is expected."""
    e = suspect.evidence[0]
    unit, other = report.units.get(e.probe, ""), _beside(e, sound)
    told = [(_named(e), INK), (f"the example: {quantity(e.value, unit)}", BEFORE)]
    if isinstance(other, type(e.value)) and other != e.value:
        told.append((f"the look-alike: {quantity(other, unit)}", AFTER))
    told.append((f"expected: {e.expected}", MUTED))
    lines = [(line, colour) for words, colour in told for line in wrap(words, WIDE)]
    with drawing(EDGES + LINE * len(lines)) as (figure, (axes,)):
        for i, (line, colour) in enumerate(lines):
            bold = "bold" if colour in (BEFORE, AFTER) else "normal"
            axes.text(0, -i, line, color=colour, va="center", fontweight=bold)
        axes.set_xlim(0, 1)
        axes.set_ylim(-len(lines) + 0.5, 0.5)
        axes.set_axis_off()
        drawn = svg(figure, "; ".join(words for words, _ in told))
    title = suspect.title[:1].upper() + suspect.title[1:]
    return Picture("signs", title, drawn, "Measured before training.")


def _named(e: Evidence) -> str:
    return e.probe.replace("_", " ")


def _beside(e: Evidence, sound: Mapping[str, Any]) -> Any:
    """The same on what looks like it."""
    other = sound.get(e.probe)
    return other.get(e.where) if isinstance(other, Mapping) else other


def _apart(a: float, b: float) -> bool:
    """Whether one is negative, or twice the other."""
    return min(a, b) < 0 or max(a, b) >= 2 * min(a, b)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _place(value: float, largest: float) -> float:
    """From 0 to 1 by its order of magnitude below the largest of the row."""
    return 0.0 if value <= 0 else max(0.0, 1 + log10(value / largest) / DECADES)
