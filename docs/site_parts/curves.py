"""Learning curves of a loop with a fault and without, as a picture."""

from typing import Any

import numpy as np

from unstuck.records.quantity import quantity
from unstuck.report.page.drawing import AFTER, BEFORE, Picture, drawing, labelled, svg


def picture(told: dict[str, Any]) -> Picture:
    """Held-out accuracy by epoch: the mean over seeds, and the band in which they lie.

    Args:
        told: what `loops.measured` returns.
    """
    ends = list[tuple[float, str, str]]()
    with drawing() as (figure, (axes,)):
        last = max(len(one) for arm in ("sound", "fault") for one in told[arm]) - 1
        for arm, name, colour in (("sound", "without", AFTER), ("fault", "with the fault", BEFORE)):
            values = 100 * np.array(told[arm])
            epochs, mean = range(values.shape[1]), values.mean(axis=0)
            axes.fill_between(
                epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.18, lw=0
            )
            axes.plot(epochs, mean, color=colour, marker="o", ms=3)
            axes.plot([len(mean) - 1, last], [mean[-1]] * 2, color=colour, ls=":", lw=1)
            ends.append((float(mean[-1]), name, colour))
        axes.set_ylim(0, 100)
        axes.set_xlim(0, last)
        labelled(axes, last * 1.03, ends)
        axes.set_xlabel("epochs")
        axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
        drawn = svg(figure, "; ".join(f"{name}: {_percent(end)}" for end, name, _ in ends))
    (sound, _, _), (faulty, _, _) = ends
    title = f"Held-out accuracy: {_percent(faulty)} with the fault, {_percent(sound)} without"
    note = (
        f"PyTorch on the digits: {told['says']}. Means over {len(told['sound'])} seeds; all lie"
        " within the band."
    )
    return Picture("curves", title, drawn, note)


def _percent(value: float) -> str:
    return quantity(value / 100, "share")
