"""How numbers are written, in every report alike."""

import math

from unstuck.cases.case import is_share
from unstuck.cases.results import Met, Tested

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def number(value: float, metric: str = "loss") -> str:
    """A loss with four decimals, an accuracy or share in percent; "none" for what has no bound."""
    if not math.isfinite(value):
        return "−∞" if value < 0 else "∞" if value > 0 else "none"
    if is_share(metric):
        return f"{100 * value:.1f} %"
    return f"{value:.4f}" if abs(value) < 1000 else f"{value:.4g}"


def quantity(value: float | int | str | None, unit: str = "") -> str:
    """A probe's value: three digits, "149", "0.0011", "1.26 × 10⁻⁶"; shares in percent, "76 %"."""
    if value is None or isinstance(value, str):
        return "not measured" if value is None else value
    if not math.isfinite(value):
        return number(value) if not math.isnan(value) else "NaN"
    if unit.split(" ")[0] == "share":
        return _percent(100 * value)
    told = f"{value:,}" if isinstance(value, int) else _digits(value, 3)
    return told.replace("-", "−")


def _percent(value: float) -> str:
    if 99.5 <= value < 100:  # not all of them
        return f"{min(value, 99.99):.4g} %"
    return f"{value:.0f} %" if abs(value) >= 9.5 else f"{_digits(value, 2)} %"


def _digits(value: float, digits: int) -> str:
    """So many significant digits; a power of ten beyond a million and below a ten-thousandth."""
    rounded = float(f"{value:.{digits}g}")
    if rounded == 0 or 1e-4 <= abs(rounded) < 1e6:
        return f"{rounded:,.0f}" if abs(rounded) >= 10**digits else f"{rounded:g}"
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{float(mantissa):g} × 10{str(int(exponent)).translate(_RAISED)}"


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
