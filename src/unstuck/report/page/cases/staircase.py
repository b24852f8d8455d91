"""Where the seeds of each arm ended: shares of seeds on the steps of a staircase."""

from textwrap import shorten

from unstuck.cases.run import CaseReport
from unstuck.report.page.drawing import BEFORE, FAINT, INK, MUTED, Picture, drawing, svg

ROW, EDGES, WIDE, TALL = 46, 44, 56, 0.42


def picture(report: CaseReport) -> Picture | None:
    """None where the case counts no plateaus."""
    rows, classes = report.staircases, report.results.classes
    if not rows:
        return None
    with drawing(EDGES + ROW * len(rows)) as (figure, (axes,)):
        axes.set_xlim(-0.5, classes + 0.5)
        for i, (arm, shares) in enumerate(rows.items()):
            axes.axhline(-i, color=FAINT, lw=0.8)
            for step, share in shares.items():
                axes.bar([step], [TALL * share], 0.72, bottom=-i, color=BEFORE, alpha=0.8)
                if share >= 0.05:
                    axes.text(
                        step, -i + TALL * share + 0.02, f"{100 * share:.0f}",
                        color=MUTED, ha="center", va="bottom", fontsize=8.5,
                    )  # fmt: skip
            axes.text(-0.5, -i + 0.72, shorten(arm, WIDE, placeholder="…"), color=INK, va="center")
        axes.set_ylim(-len(rows) + 0.9, 0.95)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        ticks = range(0, classes + 1, max(1, classes // 5))
        axes.set_xticks(list(ticks), [f"{100 * t / classes:.0f} %" for t in ticks])
        axes.set_xlabel("held-out accuracy at the end, to the nearest class")
        told = "; ".join(
            f"{arm}: "
            + ", ".join(f"{100 * s:.0f} % of seeds at {k} of {classes}" for k, s in shares.items())
            for arm, shares in rows.items()
        )
        drawn = svg(figure, told)
    first, shares = next(iter(rows.items()))
    low = sum(share for step, share in shares.items() if step <= 1)
    title = f"{100 * low:.0f} % of the seeds of “{first}” end with at most one class right"
    return Picture("staircase", title, drawn, "Height and number: share of seeds, in percent.")
