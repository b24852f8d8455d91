"""The learning rate in use against those at which the same set-up was seen to learn or fail."""

import re
from dataclasses import dataclass
from math import isfinite

import numpy as np

from unstuck.proofs.board import LEARNS
from unstuck.records.proof import Proof, Trial
from unstuck.records.quantity import quantity
from unstuck.report.page.drawing import AFTER, BEFORE, MUTED, Picture, drawing, svg
from unstuck.report.page.scale import scale

FEWEST = 3  # rates, below which there is nothing to draw
NOTHING = 0.05  # skill, up to which nothing is learnt
_NAME = re.compile(r"learning-rate-(times|over)-(\d+)")


@dataclass(frozen=True)
class _Point:
    """What one rate gave: the mean value, the median skill, and whether all runs stayed finite."""

    rate: float
    value: float
    skill: float
    finite: bool


def factor(changes: tuple[str, ...]) -> float | None:
    """On the rate in use, of an arm that changes nothing else; None for any other arm."""
    if not changes:
        return 1.0
    found = _NAME.fullmatch(changes[0]) if len(changes) == 1 else None
    if found is None:
        return None
    return float(found[2]) if found[1] == "times" else 1 / float(found[2])


def picture(proof: Proof) -> Picture | None:
    """None where fewer than three rates were tried, or the rate in use is not known."""
    from matplotlib.ticker import LogLocator

    rate = proof.report.probes.get("learning_rate")
    own = _rate(proof) if not isinstance(rate, float | int) else float(rate)
    steps = max((t.steps for t in proof.trials if factor(t.changes) is not None), default=0)
    seen: dict[float, list[Trial]] = {}
    on = scale(proof)
    for trial in proof.trials:
        by = factor(trial.changes)
        if by is not None and trial.steps == steps:
            seen.setdefault(by, []).append(trial)
    if own is None or len(seen) < FEWEST:
        return None
    points = [
        _Point(
            own * by,
            float(np.mean([on.of(t) for t in trials])),
            float(np.median([t.skill for t in trials])),
            all(t.finite for t in trials),
        )
        for by, trials in sorted(seen.items())
    ]
    used = next(p for p in points if p.rate == own)
    best = max(points, key=lambda p: p.skill)
    least = max(LEARNS * best.skill, NOTHING)
    low, high = points[0].rate / 6, points[-1].rate * 6
    with drawing() as (figure, (axes,)):
        axes.set_xscale("log")
        axes.set_xlim(low, high)
        on.draw(axes, [p.value for p in points], (low, high))
        axes.plot([p.rate for p in points], [p.value for p in points], color=MUTED, lw=1)
        for p in points:
            colour = BEFORE if not p.finite else AFTER if p.skill >= least else MUTED
            axes.plot([p.rate], [p.value], "o" if p.finite else "X", color=colour, ms=7)
        axes.plot([used.rate], [used.value], "o", color=BEFORE, ms=13, mew=1.6, fillstyle="none")
        for p, told, colour in ((used, "in use", BEFORE), (best, "best", AFTER)):
            if p == best and p == used:
                continue
            beside = (8, -12) if p == points[0] else (0, 9)
            axes.annotate(
                f"{told}: {quantity(p.rate)}", (p.rate, p.value), beside,
                textcoords="offset points", ha=_side(p, points), color=colour,
            )  # fmt: skip
        axes.set_xlabel("learning rate")
        axes.minorticks_off()
        axes.xaxis.set_major_locator(LogLocator(numticks=6))
        axes.xaxis.set_major_formatter(lambda v, _: quantity(v).removeprefix("1 × "))
        axes.set_xlim(low, high)
        drawn = svg(figure, "; ".join(f"{quantity(p.rate)}: {on.says(p.value)}" for p in points))
    stalls = any(p.finite and p.skill < least for p in points)
    note = f"Nothing but the rate is changed; means over seeds, {steps:,} steps. Blue: it learns"
    note += "; grey: it stalls" if stalls else ""
    note += "; ×: it diverges" if not all(p.finite for p in points) else ""
    note += ". Dotted: knowing nothing."
    return Picture("rate", _title(used, best, least), drawn, note)


def _side(p: _Point, points: list[_Point]) -> str:
    """Which way a name beside a point is set, so that it stays inside."""
    return "left" if p == points[0] else "right" if p == points[-1] else "center"


def _title(used: _Point, best: _Point, least: float) -> str:
    told = f"The rate in use, {quantity(used.rate)},"
    if best.skill < least:
        return "At none of the rates that were tried does it learn"
    if used.skill >= least:
        return f"{told} is among those that learn"
    if not used.finite:
        return f"{told} diverges; smaller ones learn"
    return f"{told} is {'above' if used.rate > best.rate else 'below'} those that learn"


def _rate(proof: Proof) -> float | None:
    """As the set-up tells it in words: "adam, rate 0.001"."""
    found = re.search(r"rate ([\d.e+-]+)$", proof.report.setup.get("optimizer", ""))
    value = float(found[1]) if found else float("nan")
    return value if isfinite(value) and value > 0 else None
