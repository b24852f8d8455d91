"""How values are distributed on their way from the inputs to the outputs, as it is and with the
first suspect's cut."""

import re
from typing import TYPE_CHECKING

from unstuck.records.quantity import quantity
from unstuck.records.report import Report
from unstuck.records.shape import Distribution
from unstuck.report.page.drawing import (
    AFTER,
    BEFORE,
    FAINT,
    INK,
    Picture,
    drawing,
    svg,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, EDGES = 44, 52  # pixels of a row, and of what is above and below them
RANGE = 3  # of values that layers were made for
FROZEN = "frozen_examples"


def picture(report: Report) -> Picture | None:
    """None where nothing was seen along the way."""
    rows = report.distributions
    if not rows:
        return None
    cut = any(row.cut for row in rows)
    if report.suspects and not cut and _beyond(rows):
        return None  # what stands out is not known to matter
    colour = BEFORE if cut else INK if report.suspects else AFTER
    with drawing(EDGES + ROW * len(rows)) as (figure, (axes,)):
        axes.set_xscale("symlog", linthresh=1, linscale=0.6)
        for i, row in enumerate(rows):
            _drawn(axes, -i + (0.14 if row.cut else 0), row.quantiles, colour)
            if row.cut:
                _drawn(axes, -i - 0.16, row.cut, AFTER)
        axes.set_ylim(-len(rows) + 0.45, 0.72)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        low, high = _limits(rows)
        axes.set_xlim(low, high)
        axes.axvspan(max(low, -RANGE), min(high, RANGE), color=FAINT, alpha=0.28, lw=0)
        ticks = _ticks(low, high)
        axes.set_xticks(ticks, [quantity(v) for v in ticks])
        axes.set_xlim(low, high)
        axes.minorticks_off()
        for i, row in enumerate(rows):
            axes.text(low, -i + 0.47, _short(row.says), color=INK, va="center", clip_on=False)
        drawn = svg(figure, "; ".join(_in_words(row) for row in rows))
    return Picture("chain", _title(report, cut), drawn, _note(report, cut))


def _beyond(rows: tuple[Distribution, ...]) -> bool:
    """Whether the middle half of any lies beyond the range."""
    return any(abs(row.quantiles[k]) > RANGE for row in rows for k in (2, 4))


def _drawn(axes: "Axes", at: float, q: tuple[float, ...], colour: str) -> None:
    """From the 5th to the 95th percentile thin, the middle half thick, the median as a dot."""
    axes.plot([q[1], q[5]], [at, at], color=colour, lw=1.5)
    axes.plot([q[2], q[4]], [at, at], color=colour, lw=5, alpha=0.55)
    axes.plot([q[3]], [at], "o", color=colour, ms=5)


def _limits(rows: tuple[Distribution, ...]) -> tuple[float, float]:
    shown = [v for row in rows for q in (row.quantiles, row.cut) if q for v in (q[1], q[5])]
    low, high = min(shown), max(shown)
    return min(2 * low, -4) if low < -0.1 else -0.5, max(2 * high, 4)


def _ticks(low: float, high: float) -> list[float]:
    """0, ±1, and some powers of ten."""
    powers = [10.0**p for p in range(13) if 10**p <= max(-low, high)]
    chosen = powers[:: max(1, -(-len(powers) // 3))]
    return [v for v in (*(-p for p in reversed(chosen)), 0.0, *chosen) if low <= v <= high]


def _short(says: str) -> str:
    says = re.sub(r"^(pre-activations of )(\d+)$", r"\1layer \2", says)
    return says if len(says) <= 48 else f"{says[:47]}…"


def _in_words(row: Distribution) -> str:
    spans = [f"{quantity(q[2])} to {quantity(q[4])}" for q in (row.quantiles, row.cut) if q]
    return f"{row.says}: half of them from {', with the cut from '.join(spans)}"


def _title(report: Report, cut: bool) -> str:
    if not report.suspects:
        return "Nothing on the way from inputs to outputs is suspicious"
    if not cut:
        return "Values start in range: the fault lies elsewhere"
    count = len(_removed(report))
    if not count:
        return f"Before any training: what becomes of it with {report.cut}"
    signs = "1 warning sign goes" if count == 1 else f"{count} warning signs go"
    return f"Before any training, {signs} away with {report.cut}"


def _removed(report: Report) -> tuple[str, ...]:
    """Symptoms that went away with the cut."""
    return next((s.removes for s in report.suspects if s.what_if == report.cut), ())


def _note(report: Report, cut: bool) -> str:
    told = "Dot: median; thick: middle half; thin: 5 to 95 %; shaded: ±3, what layers are made for."
    if not report.suspects and _beyond(report.distributions[:1]):
        told += " Inputs beyond it do no harm here that was measured."
    if cut:
        told = f"Red: as it is; blue: with {report.cut}. {told}"
    if cut and _removed(report):
        told += f" Gone: {', '.join(name.replace('-', ' ') for name in _removed(report))}."
    link = next(
        (k for s in report.suspects for k in s.chain if k.probe == FROZEN and k.cut is not None),
        None,
    )
    if cut and link is not None and link.value != link.cut:
        before, after = (quantity(v, "share") for v in (link.value, link.cut))
        told += f" Wrong examples without gradient: {before} → {after}."
    return told
