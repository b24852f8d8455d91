"""Targets standardized; results are told in their original units."""

from unstuck.changes.change import Change, Part
from unstuck.changes.fits import Affinely, Scale, Shift

TARGETS = Change(
    "targets-standardized",
    "targets standardized",
    Part.TARGETS,
    fit=Affinely(Shift.MEAN, Scale.SPREAD),
)
