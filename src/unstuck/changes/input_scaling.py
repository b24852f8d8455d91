"""Inputs moved or scaled: centre, spread, both; as a whole or per feature; robust; log."""

from unstuck.changes.change import Change, Part
from unstuck.changes.fits import Affinely, Fit, Logged, Scale, Shift


def _inputs(name: str, says: str, fit: Fit) -> Change:
    return Change(name, says, Part.INPUTS, fit=fit)


CENTER = _inputs("inputs-centered", "every feature less its mean", Affinely(Shift.MEAN, Scale.ONE))
SPREAD = _inputs(
    "inputs-unit-spread",
    "inputs divided by their standard deviation",
    Affinely(Shift.NOTHING, Scale.SPREAD, "whole"),
)
STANDARD = _inputs(
    "inputs-standardized",
    "inputs standardized as a whole",
    Affinely(Shift.MEAN, Scale.SPREAD, "whole"),
)
PER_FEATURE = _inputs(
    "features-standardized",
    "every feature standardized on its own",
    Affinely(Shift.MEAN, Scale.SPREAD),
)
ROBUST = _inputs(
    "inputs-robust",
    "every feature less its median, divided by its interquartile range",
    Affinely(Shift.MEDIAN, Scale.QUARTILES),
)
LOG = _inputs("inputs-log", "sign(x)·ln(1 + |x|) of the inputs", Logged())
