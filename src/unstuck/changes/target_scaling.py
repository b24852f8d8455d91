"""Targets standardized; results are told in their original units."""

from unstuck.changes.change import Intervention
from unstuck.changes.input_scaling import standard_per_feature

TARGETS = Intervention(
    "targets-standardized",
    "targets standardized",
    lambda d: d.with_targets(standard_per_feature),
)
