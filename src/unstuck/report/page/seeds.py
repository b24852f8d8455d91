"""Every seed as a line from "as it is" to "repaired", the gain's interval beside it, the placebo in
grey."""

from math import isfinite
from typing import Any

import numpy as np

from unstuck.records.effect import Effect
from unstuck.records.proof import Proof
from unstuck.report.levels import gain, level, signed, unit
from unstuck.report.page import arms
from unstuck.report.page.drawing import AFTER, BEFORE, INK, MUTED, Picture, drawing, labelled, svg
from unstuck.report.page.scale import scale

PLACEBOS = 5  # lines that are drawn
BAR = 1.07  # where the interval stands


def picture(proof: Proof) -> Picture | None:
    """None where no repair was put to the test on fresh seeds."""
    if proof.repair is None:
        return None
    effect, on = proof.repair.effect, scale(proof)
    found = arms.pairs(proof, arms.repair(proof), effect.n)
    if found is None:
        return None
    lines = [(on.of(a), on.of(b)) for a, b in zip(*(g.trials for g in found), strict=True)]
    null = arms.pairs(proof, arms.PLACEBO, PLACEBOS)
    grey = [] if null is None else [
        (on.of(a), on.of(b)) for a, b in zip(*(g.trials for g in null), strict=True)
    ]  # fmt: skip
    wins = sum((b > a) if proof.higher else (b < a) for a, b in lines)
    base, value = (level(v, proof.measure) for v in (effect.base, effect.value))
    before, after = (float(np.mean(side)) for side in zip(*lines, strict=True))
    with drawing() as (figure, (axes,)):
        on.draw(axes, [v for pair in (*lines, *grey) for v in pair])
        for a, b in grey:
            axes.plot([0, 1], [a, b], color=MUTED, lw=1, alpha=0.6)
        for a, b in lines:
            axes.plot([0, 1], [a, b], color=AFTER, lw=1.3, alpha=0.75)
        axes.plot([0] * len(lines), [a for a, _ in lines], "o", color=BEFORE, ms=5)
        axes.plot([1] * len(lines), [b for _, b in lines], "o", color=AFTER, ms=5)
        bar = _interval(effect, [a for a, _ in lines], proof.higher, axes.get_ylim())
        if bar:
            axes.plot([BAR, BAR], bar, "_-", color=AFTER, lw=1.4, ms=7, mew=1.4)
        axes.set_xlim(-0.42, 1.62)
        axes.set_xticks([0, 1], ["as it is", "repaired"])
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.tick_params(axis="x", labelcolor=INK)
        bold: dict[str, Any] = {"fontsize": 13, "fontweight": "bold"}
        axes.text(-0.08, before, base, ha="right", va="center", color=BEFORE, **bold)
        ends = [(on.trivial, "knowing nothing", MUTED), (after, value, AFTER)]
        if grey:
            ends.append((float(np.mean([b for _, b in grey])), "placebo", MUTED))
        labelled(axes, 1.14, ends, bold=value)
        drawn = svg(figure, f"{base} as it is, {value} repaired: {gain(effect, proof.measure)}")
    told = gain(effect, proof.measure)
    note = (
        "One line a seed, none of which had a part in choosing the repair; same start and order on"
        f" both sides. {_capital(told)}{', the bar' if bar else ''}."
    )
    if proof.placebo is not None and grey:
        low, high = (signed(v, proof.measure) for v in (proof.placebo.low, proof.placebo.high))
        note += f" The placebo, a change that cannot matter: {low} to {high} {unit(proof.measure)}."
    title = f"The repair helps on {wins} of {len(lines)} fresh seeds"
    return Picture("seeds", title, drawn, note)


def _interval(
    effect: Effect, before: list[float], higher: bool, limits: tuple[float, float]
) -> list[float]:
    """Where the mean gain's interval leads from the mean as it is, within the axis; [] without."""
    if not (isfinite(effect.low) and isfinite(effect.high)):
        return []
    start, sign = float(np.mean(before)), 1 if higher else -1
    low, high = limits
    return [min(max(start + sign * g, low), high) for g in (effect.low, effect.high)]


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]
