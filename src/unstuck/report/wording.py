"""How numbers are written, in every report alike."""

import math

from unstuck.cases.case import is_share
from unstuck.cases.results import Met, Tested
from unstuck.records.quantity import quantity as quantity


def number(value: float, metric: str = "loss") -> str:
    """A loss with four decimals, an accuracy or share in percent; "none" for what has no bound."""
    if not math.isfinite(value):
        return "−∞" if value < 0 else "∞" if value > 0 else "none"
    if is_share(metric):
        return f"{100 * value:.1f} %"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.4g}"


def seeds(count: int) -> str:
    """So many seeds."""
    return f"{count} seed" if count == 1 else f"{count} seeds"


def effect(tested: Tested) -> str:
    """The measured effect with its interval and what was predicted, on one line."""
    p, e = tested.prediction, tested.effect
    metric = p.a.metric
    scale, unit = (100, " points") if is_share(metric) else (1, "")
    digits = 1 if is_share(metric) else 4

    def written(value: float) -> str:
        if not math.isfinite(value):
            return number(value)
        return f"{scale * value:+.{digits}f}"

    predicted = (
        f"> {scale * p.margin:g}" if p.relation == "more" else f"within ± {scale * p.margin:g}"
    )
    return (
        f"{written(e.difference)}{unit} [{written(e.low)}, {written(e.high)}],"
        f" predicted {predicted}"
    )


def steps(shares: dict[int, float] | None, classes: int) -> str:
    """A staircase: "10 %: 3 of 4 seeds" as shares, lowest step first."""
    return ", ".join(
        f"{100 * k / classes:.0f} %: {100 * share:.0f} %" for k, share in (shares or {}).items()
    )


def inside(met: Met, comparable: str) -> str:
    """Whether the published figure lies inside, as one word."""
    if comparable or met.inside is None:
        return "–"
    return "inside" if met.inside else "OUTSIDE"
