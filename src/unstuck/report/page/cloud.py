"""The inputs in the plane of their two leading components, with the first layer's hyperplanes."""

from typing import TYPE_CHECKING

from unstuck.records.quantity import quantity
from unstuck.records.report import Report
from unstuck.records.shape import Cloud
from unstuck.report.page.drawing import AFTER, BEFORE, INK, Picture, dots, drawing, svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOVED = 0.1  # of the hyperplanes, that a cut must bring to the data to be worth a picture


def picture(report: Report) -> Picture | None:
    """None where the cut moves the hyperplanes no nearer to the data, or they were not seen."""
    if len(report.clouds) != 2:
        return None
    before, after = report.clouds
    if before.missing - after.missing < MOVED:
        return None
    with drawing(200, 2) as (figure, axes):
        for one, cloud, colour, told in (
            (axes[0], before, BEFORE, "as it is"),
            (axes[1], after, AFTER, _short(after.says)),
        ):
            _drawn(one, cloud, colour)
            one.set_title(told, fontsize=10.5, color=INK)
            one.set_xlabel(f"{quantity(cloud.missing, 'share')} of units miss", color=colour)
        missing = [quantity(c.missing, "share") for c in (before, after)]
        drawn = svg(figure, f"units whose hyperplane misses the data: {' → '.join(missing)}")
    title = f"{missing[0]} of the first layer's units cannot tell the examples apart"
    note = (
        "Points: examples in the plane of their two leading components"
        f" ({quantity(before.shown, 'share')} of the variance). Lines: where units of the first"
        f" layer switch, before training. Right: {after.says}."
    )
    return Picture("cloud", title, drawn, note)


def _short(says: str) -> str:
    """What fits above half a picture."""
    return says if len(says) <= 30 else "inputs changed"


def _drawn(axes: "Axes", cloud: Cloud, colour: str) -> None:
    draw = axes.plot
    xs, ys = zip(*cloud.points, strict=True)
    reach = 1.7 * max(max(map(abs, xs)), max(map(abs, ys)), 1e-12)
    for a, b, c in cloud.lines:
        ends = _across(a, b, c, reach)
        if ends:
            draw(*zip(*ends, strict=True), color=colour, lw=0.9, alpha=0.7)
    dots(axes, cloud.points, INK, 2.6)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    axes.set_aspect("equal")
    axes.set_xticks([])
    axes.set_yticks([])
    for side in ("top", "right"):
        axes.spines[side].set_visible(True)


def _across(a: float, b: float, c: float, reach: float) -> list[tuple[float, float]]:
    """Where the line a·x + b·y + c = 0 enters and leaves the square of ± reach; [] if it misses."""
    ends = []
    for s in (-reach, reach):
        if b:
            ends.append((s, -(a * s + c) / b))
        if a:
            ends.append((-(b * s + c) / a, s))
    inside = [(x, y) for x, y in ends if abs(x) <= reach * 1.0001 and abs(y) <= reach * 1.0001]
    return [min(inside), max(inside)] if len(inside) >= 2 else []
