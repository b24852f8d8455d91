"""A case's explanations as a picture: what was predicted of each, and what was measured."""

import re
from textwrap import fill
from typing import Any

from site_parts.records import case
from unstuck import cases
from unstuck.report.page.drawing import AFTER, BEFORE, FAINT, INK, MUTED, Picture, drawing, svg

LINE, GAP, EDGES, WIDE = 16, 20, 46, 62  # pixels of a line, below a bar, around all; characters
COLOURS = {"supported": AFTER, "refuted": BEFORE}


def picture(name: str, wanted: str, title: str) -> Picture:
    """Effects on held-out accuracy, in points, with their 99 % intervals over paired seeds.

    Args:
        name: of the case.
        wanted: regular expression; of the predictions with which it is found, in "explanation:
            prediction".
        title: the judgement that the picture supports.
    """
    rows, height = list[tuple[float, str, Any]](), 0.0
    for claim, predictions in _found(name, wanted):
        told = fill(claim, WIDE)
        rows.append((height, told, None))
        height += LINE * (1 + told.count("\n"))
        for prediction in predictions:
            told = fill(prediction["says"], WIDE)
            rows.append((height, told, prediction))
            height += LINE * (1 + told.count("\n")) + GAP
    with drawing(EDGES + height) as (figure, (axes,)):
        shown = [(at, told, p) for at, told, p in rows if p is not None]
        for at, told, p in shown:
            colour = COLOURS.get(p["verdict"], MUTED)
            y = -(at + LINE * (1 + told.count("\n")) + GAP / 4)
            axes.plot([100 * p["low"], 100 * p["high"]], [y, y], color=colour, lw=4, alpha=0.5)
            axes.plot([100 * p["effect"]], [y], "o", color=colour, ms=5)
        axes.axvline(0, color=FAINT, lw=1)
        left = axes.get_xlim()[0]
        for at, told, p in rows:
            axes.text(left, -at, told, color=MUTED if p else INK, va="top", linespacing=1.2)
        axes.set_ylim(-height, LINE / 4)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel("points of held-out accuracy")
        drawn = svg(figure, "; ".join(f"{t}: {100 * p['effect']:+.1f} points" for _, t, p in shown))
    note = (
        "Below each explanation, in grey, what it predicts. Dot: median over"
        f" {shown[0][2]['n']} paired seeds; bar: 99 % interval; blue: as predicted, red: refuted,"
        " grey: open."
    )
    return Picture("effects", title, drawn, note)


def _found(name: str, wanted: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """Explanations with their predictions about held-out accuracy, as measured."""
    asked = {claim.id: claim for claim in cases.load(name).claims}
    made = []
    for claim in case(name)["claims"]:
        pairs = zip(asked[claim["id"]].predictions, claim["predictions"], strict=True)
        chosen = [
            measured
            for predicted, measured in pairs
            if predicted.a.metric == "val_accuracy"
            and re.search(wanted, f"{claim['question']}: {measured['says']}")
        ]
        if chosen:
            made.append((re.sub(r"^\([a-z]\) ", "", claim["question"]), chosen))
    return made
