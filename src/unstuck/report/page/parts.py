"""What each part of the repair does, and what else was tried: effects with their intervals."""

from dataclasses import dataclass
from math import isfinite
from textwrap import wrap
from typing import TYPE_CHECKING

from unstuck.records.effect import Effect
from unstuck.records.proof import Proof
from unstuck.records.states import Status
from unstuck.report.levels import SHARES, gain, signed, unit
from unstuck.report.page.drawing import AFTER, FAINT, INK, MUTED, Picture, drawing, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

EDGES, HEAD, BODY = 46, 17, 20  # pixels: around, of what is above a row, of a row
WRAP = 54
MOST = 8  # rows


@dataclass(frozen=True)
class _Row:
    """One effect.

    Args:
        says: what was changed, above it; "" where that stands above already.
        effect: that it had.
        beside: of what it is the effect, after its number.
        strong: whether it belongs to the repair.
    """

    says: str
    effect: Effect
    beside: str = ""
    strong: bool = True


def picture(proof: Proof) -> Picture | None:
    """None where the repair is all there is to tell."""
    rows = [r for r in _rows(proof) if isfinite(r.effect.effect)]
    if len(rows) < 2:
        return None
    if proof.placebo is not None:
        rows = [*rows[: MOST - 1], _Row("placebo", proof.placebo, strong=False)]
    heads = sum(bool(row.says) for row in rows)
    with drawing(EDGES + HEAD * heads + BODY * len(rows)) as (figure, (axes,)):
        _drawn(axes, rows, proof.measure)
        told = "; ".join(
            f"{r.says} {r.beside}: {gain(r.effect, proof.measure)}".strip() for r in rows
        )
        drawn = svg(figure, told)
    return Picture(
        "parts", _title(proof), drawn, "Mean gain over paired seeds, with its 95 % interval."
    )


def _rows(proof: Proof) -> list[_Row]:
    repair = proof.repair
    if repair is None:
        return []
    if len(repair.parts) == 1:
        tested = [s.tested for s in proof.report.suspects if s.tested is not None]
        rows = [_Row(repair.says, repair.effect)]
        rows += [_Row(t.change, t.effect, "", False) for t in tested]
        rows += [_Row(o.says, o.effect, "", False) for o in proof.others]
        return list({row.says: row for row in reversed(rows)}.values())[::-1]
    rows = [_Row("all of it", repair.effect)]
    for part in repair.parts:
        says = part.says
        for effect, beside in (
            (part.sufficient, "alone"),
            (part.necessary, "on top of the rest"),
        ):
            if effect is not None:
                rows.append(_Row(says, effect, beside))
                says = ""
    return rows


def _drawn(axes: "Axes", rows: list[_Row], measure: str) -> None:
    scale = 100 if measure in SHARES else 1
    ends = [scale * v for r in rows for v in _interval(r.effect)]
    span = max(*ends, 0) - min(*ends, 0) or 1.0
    left, right = min(*ends, 0) - 0.04 * span, max(*ends, 0) + 0.1 * span
    axes.set_xlim(left, right)
    axes.axvline(0, color=FAINT, lw=1)
    at = 0.0
    for row in rows:
        if row.says:
            says = wrap(row.says, WRAP)
            told = says[0] + ("…" if len(says) > 1 else "")
            axes.text(left, at - HEAD * 0.6, told, color=INK, va="center")
            at -= HEAD
        at -= BODY / 2
        colour = AFTER if row.strong else MUTED
        low, high = (scale * v for v in _interval(row.effect)[:2])
        axes.plot([low, high], [at, at], color=colour, lw=2)
        axes.plot([scale * row.effect.effect], [at], "o", color=colour, ms=6)
        number, more = signed(row.effect.effect, measure), f" {row.beside}" if row.beside else ""
        inside = high > left + 0.55 * span
        axes.text(
            low - 0.02 * span if inside else high + 0.02 * span, at, f"{number}{more}",
            color=colour, va="center", ha="right" if inside else "left", fontweight="bold",
        )  # fmt: skip
        at -= BODY / 2
    axes.set_ylim(at - 4, 4)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel(f"gain, {unit(measure)}" if scale == 100 else f"gain in {measure}")
    if scale == 1:
        axes.xaxis.set_major_formatter(lambda v, _: signed(v, measure) if v else "0")


def _interval(effect: Effect) -> tuple[float, float, float]:
    """Low, high and middle; an unbounded side ends at the middle."""
    low, high = (v if isfinite(v) else effect.effect for v in (effect.low, effect.high))
    return low, high, effect.effect


def _title(proof: Proof) -> str:
    repair = proof.repair
    assert repair is not None
    count = len(repair.parts)
    if count == 1 and proof.others:
        return f"Each of {1 + len(proof.others)} changes repairs it on its own"
    if count == 1:
        return "One change is the whole repair"
    needed = [p for p in repair.parts if p.necessary and p.necessary.status is Status.PROVEN]
    alone = [p for p in repair.parts if p.sufficient and p.sufficient.status is Status.PROVEN]
    if len(needed) == count:
        return f"{'Both' if count == 2 else f'All {count}'} parts of the repair are needed"
    if alone:
        return (
            f"{alone[0].says} helps alone, and more so together"[:1].upper()
            + (f"{alone[0].says} helps alone, and more so together"[1:])
        )
    return f"Of {count} parts, {len(needed)} are proven to be needed"
