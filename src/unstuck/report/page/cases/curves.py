"""A case's learning curves: median and range over seeds."""

from textwrap import fill

import numpy as np

from unstuck.cases.run import CaseReport
from unstuck.report import wording
from unstuck.report.page.drawing import AFTER, BEFORE, MUTED, Picture, drawing, labelled, svg

DASHES = ("-", (0, (4, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))
WIDE = 17  # characters of a name beside its line


def picture(report: CaseReport) -> Picture | None:
    """None where the case draws no curves."""
    arms = report.case.chart
    if not arms:
        return None
    runs = {arm: _padded(report, arm) for arm in arms}
    longest = max(r.shape[1] for r in runs.values())
    ends = []
    with drawing(250) as (figure, (axes,)):
        axes.set_ylim(-2, 102)
        axes.set_xlim(1, max(longest, 2))
        for i, (arm, made) in enumerate(runs.items()):
            colour = BEFORE if i == 0 else AFTER if i == len(runs) - 1 else MUTED
            dashes = "-" if colour != MUTED else DASHES[i % len(DASHES)]
            epochs = np.arange(1, made.shape[1] + 1)
            middle = np.median(made, axis=0)
            if colour != MUTED:
                low, high = made.min(axis=0), made.max(axis=0)
                axes.fill_between(epochs, low, high, color=colour, alpha=0.18, lw=0)
            axes.plot(epochs, middle, color=colour, ls=dashes, lw=1.8 if colour != MUTED else 1.2)
            ends.append((float(middle[-1]), fill(arm, WIDE), colour))
        labelled(axes, longest + 0.03 * longest, ends)
        axes.set_yticks([0, 25, 50, 75, 100], ["0", "25", "50", "75", "100 %"])
        axes.set_title("held-out accuracy", loc="left", fontsize=10.5, color=MUTED, pad=8)
        axes.set_xlabel("epochs")
        axes.locator_params(axis="x", nbins=5, integer=True)
        told = "; ".join(f"{arm}: {value:.1f} %" for value, arm, _ in ends)
        drawn = svg(figure, told)
    first, last = (runs[arm] for arm in (arms[0], arms[-1]))
    title = (
        f"{np.median(last[:, -1]):.0f} % with “{arms[-1]}”,"
        f" {np.median(first[:, -1]):.0f} % with “{arms[0]}”"
    )
    count = wording.seeds(len(report.results.seeds))
    return Picture("curves", title, drawn, f"Median of {count}; bands hold all of them.")


def _padded(report: CaseReport, arm: str) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """(seeds, epochs) in percent; an ended run keeps its last."""
    runs = [record["val_accuracy"] for record in report.results.records[arm]]
    longest = max(len(run) for run in runs)
    return 100 * np.array([[*run, *[run[-1]] * (longest - len(run))] for run in runs])
