"""Outliers brought back to the bulk."""

from unstuck.changes.change import Change, Part
from unstuck.changes.fits import ToBulk

CLIP = Change(
    "outliers-clipped",
    "outliers brought to three times the 99th percentile",
    Part.OUTLIERS,
    fit=ToBulk(),
)
