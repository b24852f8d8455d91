"""Measured quantities of a subject: one quantity a file, plain functions of a `Look`.

No thresholds of judgement live here, only those in a quantity's own definition. To add one, write
a file with its function and `PROBES`, and name it in `_FILES`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from unstuck.probes.look import Look, Measured
    from unstuck.probes.probe import Probe

_FILES = (
    "non_finite",
    "dtype",
    "location_spread",
    "feature_scales",
    "outliers",
    "constancy",
    "second_moment",
    "split_shift",
    "unseen_classes",
    "order",
    "class_balance",
    "sequences",
    "label_coding",
    "targets",
    "pre_activations",
    "saturation",
    "hyperplanes",
    "kernel_gain",
    "logits",
    "error_alignment",
    "dependence",
    "output_kind",
    "zero_gradient",
    "gradients",
    "held_parameters",
    "first_step",
    "epsilon",
    "sharpness",
)


def probes() -> "tuple[Probe, ...]":
    """All probes, in the order the data take through the network."""
    files = (import_module(f"unstuck.probes.{name}") for name in _FILES)
    return tuple(probe for file in files for probe in file.PROBES)


def measure(look: "Look", names: "Collection[str] | None" = None) -> "dict[str, Measured]":
    """Every probe's value for a look, by name; only those of `names` if they are given."""
    chosen = (p for p in probes() if names is None or p.name in names)
    return {probe.name: probe.measure(look) for probe in chosen}
