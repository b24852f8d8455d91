"""Targets standardized; results are told in their original units."""

from unstuck.interventions.input_scaling import standard_per_feature
from unstuck.interventions.intervention import Intervention

TARGETS = Intervention(
    "targets-standardized",
    "targets standardized",
    lambda d: d.with_targets(standard_per_feature),
)
