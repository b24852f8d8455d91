"""How a measured number is written, in every report alike."""

import math

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def quantity(value: float | int | str | None, unit: str = "") -> str:
    """A probe's value: three digits, "149", "0.0011", "1.26 × 10⁻⁶"; shares in percent, "76 %"."""
    if value is None or isinstance(value, str):
        return "not measured" if value is None else value
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "−∞" if value < 0 else "∞"
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
