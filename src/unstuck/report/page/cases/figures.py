"""Published figures beside where our runs fall."""

from math import isfinite
from textwrap import shorten

from unstuck.cases.case import is_share
from unstuck.cases.results import Met
from unstuck.cases.run import CaseReport
from unstuck.report import wording
from unstuck.report.page.drawing import AFTER, BEFORE, FAINT, INK, Picture, drawing, svg

WIDE_APART = 8  # times: values further apart are drawn on a logarithmic axis
ROW, EDGES, MOST, WIDE = 33, 40, 12, 58


def pictures(report: CaseReport) -> list[Picture]:
    """One of accuracies and one of losses; none where ours are not comparable."""
    if report.comparable:
        return []
    made = []
    for share in (True, False):
        met = [m for m in report.met if is_share(m.figure.of.metric) is share and _known(m)]
        if met:
            made.append(_picture(met, share))
    return made


def _known(met: Met) -> bool:
    return all(isfinite(v) for v in (met.low, met.high, met.median))


def _picture(met: list[Met], share: bool) -> Picture:
    shown, scale = met[:MOST], 100 if share else 1
    with drawing(EDGES + ROW * len(shown)) as (figure, (axes,)):
        values = [scale * v for m in shown for v in (m.low, m.high, m.figure.low, m.figure.high)]
        low, high = min(values), max(values)
        room = 0.06 * (high - low or 1)
        wide = low > 0 and high > WIDE_APART * low
        if wide:
            axes.set_xscale("log")
        axes.set_xlim(*((low / 1.5, high * 1.5) if wide else (low - room, high + room)))
        left = axes.get_xlim()[0]
        for i, m in enumerate(shown):
            axes.axhline(-i, color=FAINT, lw=0.8)
            axes.plot([scale * m.low, scale * m.high], [-i, -i], color=AFTER, lw=4, alpha=0.5)
            axes.plot([scale * m.median], [-i], "o", color=AFTER, ms=5)
            colour = INK if m.inside else BEFORE
            axes.plot([scale * m.figure.value], [-i], "D", color=colour, ms=5)
            of = m.figure.of
            when = f", epoch {of.epoch}" if of.epoch else ""
            says = shorten(f"{of.arm}: {of.metric.replace('_', ' ')}{when}", WIDE, placeholder="…")
            axes.text(left, -i + 0.4, says, color=INK, va="center")
        axes.set_ylim(-len(shown) + 0.6, 0.8)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        if wide:
            axes.minorticks_off()
            axes.xaxis.set_major_formatter(lambda v, _: f"{v:g}{' %' if share else ''}")
        elif share:
            axes.xaxis.set_major_formatter(lambda v, _: f"{v:g} %")
        if not wide:
            axes.locator_params(axis="x", nbins=5)
        told = "; ".join(
            f"{m.figure.of}: published {m.figure.wording}, median"
            f" {wording.number(m.median, m.figure.of.metric)}"
            for m in shown
        )
        drawn = svg(figure, told)
    inside = sum(bool(m.inside) for m in met)
    what = "accuracies" if share else "losses"
    title = f"{inside} of {len(met)} published {what} could be one more of our runs"
    note = "Diamond: published, red where it lies outside. Dot: our median; bar: 99 % of runs."
    if len(met) > MOST:
        note += f" The first {MOST} of {len(met)}; all are in the table below."
    return Picture("figures", title, drawn, note)
