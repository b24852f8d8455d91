"""Learning curves of the arms on one axis: the mean over seeds, as in all numbers of a
proof, and the band they lie in."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unstuck.records.proof import Proof
from unstuck.records.states import State
from unstuck.report.page import arms
from unstuck.report.page.drawing import (
    AFTER,
    BEFORE,
    FAINT,
    MUTED,
    Picture,
    drawing,
    labelled,
    of_state,
    svg,
)
from unstuck.report.page.scale import CONSTANT, Scale, scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OTHERS = 6  # arms that are drawn beside, at most
BEST = "best tried"
NOTHING = 0.05  # of the best skill, up to which nothing was learnt

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Line:
    """An arm, named at its end; thin and unnamed for those beside."""

    group: arms.Group
    says: str
    colour: str
    dashes: object = "-"


def picture(proof: Proof) -> Picture | None:
    """None where nothing was seen on its way."""
    found, on = arms.groups(proof), scale(proof)
    base, repaired = arms.of(found, ()), arms.of(found, arms.repair(proof) or ("",))
    if base is None or not any(len(on.path(t)) > 1 for g in found for t in g.trials):
        return None
    best = next((g for g in found if g not in (base, repaired)), None)
    if best is not None and best.skill <= max(g.skill for g in (base, repaired) if g):
        best = None
    others = [g for g in found if g not in (base, repaired, best)][:OTHERS]
    if repaired is not None and proof.repair is not None:
        base, repaired = arms.pairs(proof, repaired.changes, proof.repair.effect.n) or (
            base,
            repaired,
        )
    lines = [_Line(group, "", FAINT) for group in others]
    if best is not None:
        lines.append(_Line(best, BEST, MUTED, (0, (4, 2))))
    lines.append(_Line(base, "as it is", of_state(proof.state)))
    if repaired is not None:
        lines.append(_Line(repaired, "repaired", AFTER))
    last = max(t.steps for t in base.trials)
    with drawing() as (figure, (axes,)):
        on.draw(axes, [v for k in lines for t in k.group.trials for _, v in on.path(t)], (0, last))
        axes.set_xlim(0, last)
        ends = [(on.trivial, "knowing nothing", MUTED)]
        for line in lines:
            end = _drawn(axes, line, on)
            ends += [(end, line.says, line.colour)] if line.says else []
        labelled(axes, last * 1.03, ends)
        axes.set_xlabel("steps")
        axes.locator_params(axis="x", nbins=4)
        axes.xaxis.set_major_formatter(lambda v, _: f"{v:,.0f}")
        drawn = svg(figure, "; ".join(f"{told}: {on.says(v)}" for v, told, _ in ends))
    note = f"Means over seeds; all lie within the band. Knowing nothing: {CONSTANT}."
    if best is not None:
        note += f" Best tried: {best.says}."
    if others:
        note += f" Thin: {len(others)} more that {'was' if len(others) == 1 else 'were'} tried."
    if base.broken:
        note += f" ×: as it is, the loss is not finite from step {base.broken:,}."
    return Picture("curves", _title(proof, base, repaired, best), drawn, note)


def _drawn(axes: "Axes", line: _Line, on: Scale) -> float:
    """Draws the line; returns where it ends."""
    told = line.colour in (BEFORE, AFTER)
    paths = [p for t in line.group.trials if (p := on.path(t))]
    steps = np.array(sorted({step for p in paths for step, _ in p}), float)
    values = np.array([np.interp(steps, [s for s, _ in p], [v for _, v in p]) for p in paths])
    middle: Floats = values.mean(axis=0)
    if line.group.broken:
        axes.plot([line.group.broken], [middle[-1]], "X", color=line.colour, ms=7)
        return float(middle[-1])
    if told:
        axes.fill_between(
            steps, values.min(axis=0), values.max(axis=0), color=line.colour, alpha=0.18, lw=0
        )
    axes.plot(
        steps, middle, color=line.colour, ls=line.dashes, lw=1.8 if told else 1.1,
        marker="o" if told else "", ms=3,
    )  # fmt: skip
    return float(middle[-1])


def _title(
    proof: Proof, base: arms.Group, repaired: arms.Group | None, best: arms.Group | None
) -> str:
    top = max(g.skill for g in (base, repaired, best) if g is not None)
    if repaired is None:
        if proof.state is State.NOTHING:
            return "Nothing that was tried gets beyond knowing nothing"
        if best is None or proof.state is State.LEARNING:
            return "It gets as far as anything that was tried"
        return "Something that was tried gets further in as many steps"
    if base.broken:
        return "As it is, it breaks off; repaired, it learns"
    if base.skill <= NOTHING * top:
        return "As it is, it never gets beyond knowing nothing; repaired, it learns"
    return "Repaired, it gets further in as many steps"
