"""The axis that trials are drawn on: the proof's measure, cut off where all that is worse counts
alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from unstuck.records.proof import Proof, Trial
from unstuck.report.levels import SHARES, level
from unstuck.report.page.drawing import MUTED, SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CONSTANT = "the best constant answer"  # what knowing nothing is
WORST = -1.0  # skill that counts for whatever is worse


@dataclass(frozen=True)
class Scale:
    """Values of a proof's measure on an axis.

    Args:
        measure: by name.
        trivial: of the best constant answer; rows: what is judged on.
    """

    measure: str
    trivial: float
    rows: str

    @property
    def share(self) -> bool:
        """Whether it is told in percent."""
        return self.measure in SHARES

    def of_skill(self, skill: float) -> float:
        """The value with this skill."""
        if self.share:
            return self.trivial + skill * (1 - self.trivial)
        return self.trivial - skill * abs(self.trivial)

    def of(self, trial: Trial) -> float:
        """Where a trial is drawn."""
        if not isfinite(trial.value):
            return 0.0 if self.share else self.of_skill(WORST)
        return self.of_skill(WORST) if trial.skill <= WORST else trial.value

    def path(self, trial: Trial) -> list[tuple[int, float]]:
        """Where it is drawn on its way."""
        return [(step, self.of_skill(max(WORST, s))) for step, s in trial.skills if isfinite(s)]

    def says(self, value: float) -> str:
        """A value in words; what is cut off is told so."""
        beyond = not self.share and value >= self.of_skill(WORST)
        return f"≥ {level(value, self.measure)}" if beyond else level(value, self.measure)

    def name(self) -> str:
        """The axis in words."""
        measure = self.measure if self.share else f"loss ({self.measure})"
        return f"{self.rows} {measure}"

    def draw(
        self, axes: "Axes", values: Iterable[float], across: tuple[float, float] = (0, 1)
    ) -> None:
        """Sets up the vertical axis, and the line of knowing nothing.

        Args:
            values: all that will be drawn.
            across: from where to where the line goes.
        """
        axes.set_title(self.name(), loc="left", fontsize=SIZE, color=MUTED, pad=8)
        if self.share:
            axes.set_ylim(-0.02, 1.02)
            axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0", "25", "50", "75", "100 %"])
        else:
            reach = [0.0, self.trivial, *(v for v in values if isfinite(v))]
            room = 0.06 * (max(reach) - min(reach) or 1.0)
            axes.set_ylim(min(reach) - room * (min(reach) < 0), max(reach) + room)
            axes.locator_params(axis="y", nbins=5)
            axes.yaxis.set_major_formatter(lambda v, _: level(v, self.measure))
        left, right = across
        axes.plot([left, right], [self.trivial] * 2, color=MUTED, lw=1, ls=(0, (1, 3)))


def scale(proof: Proof) -> Scale:
    """Of a proof."""
    return Scale(proof.measure, proof.trivial, proof.rows)
