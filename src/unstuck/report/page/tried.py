"""All that was tried where no repair was found: every trial a dot, an arm a row."""

from textwrap import wrap

import numpy as np

from unstuck.records.proof import Proof
from unstuck.records.states import State
from unstuck.report.page import arms
from unstuck.report.page.drawing import INK, MUTED, Picture, dots, drawing, of_state, svg
from unstuck.report.page.scale import Scale, scale

FEWEST = 3  # arms: fewer are seen in the curves
ROW, EDGES, MOST, WRAP = 34, 50, 7, 54


def picture(proof: Proof) -> Picture | None:
    """None where a repair is drawn, or nothing but the set-up as it is was tried."""
    found = arms.groups(proof)
    base = arms.of(found, ())
    if proof.repair is not None or base is None or len(found) < FEWEST:
        return None
    on = scale(proof)
    shown = found[:MOST]
    if base not in shown:
        shown = [*shown[:-1], base]
    with drawing(EDGES + ROW * len(shown)) as (figure, (axes,)):
        for i, group in enumerate(shown):
            values = [on.of(t) for t in group.trials]
            own = group is base
            colour = of_state(proof.state) if own else MUTED
            dots(axes, [(v, -i) for v in values], colour, 4.5)
            axes.plot([np.median(values)], [-i], "|", color=colour, ms=13, mew=2)
        axes.axvline(on.trivial, color=MUTED, lw=1, ls=(0, (1, 3)))
        axes.set_ylim(-len(shown) + 0.5, 0.85)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(on.name())
        if on.share:
            axes.set_xlim(-0.02, 1.04)
            axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        else:
            axes.locator_params(axis="x", nbins=4)
            axes.xaxis.set_major_formatter(lambda v, _: on.says(v))
        left = axes.get_xlim()[0]
        for i, group in enumerate(shown):
            says = wrap(group.says, WRAP)
            told = says[0] + ("…" if len(says) > 1 else "")
            colour = of_state(proof.state) if group is base else INK
            axes.text(left, -i + 0.42, told, color=colour, va="center")
        told = "; ".join(f"{g.says}: {on.says(_median(g, on))}" for g in shown)
        drawn = svg(figure, told)
    note = "One dot a trial, a bar at the median; dotted: knowing nothing."
    return Picture("tried", _title(proof, len(found) - 1), drawn, note)


def _median(group: arms.Group, on: Scale) -> float:
    return float(np.median([on.of(t) for t in group.trials]))


def _title(proof: Proof, count: int) -> str:
    if proof.state is State.LEARNING:
        return f"None of the {count} changes that were tried does clearly better"
    if proof.state is State.NOTHING:
        return f"None of the {count} changes that were tried beats knowing nothing"
    return f"What {count} changes did: not enough to decide"
