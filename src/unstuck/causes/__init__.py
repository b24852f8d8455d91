"""Named faults, one a file: symptoms that point to it, the cut that removes just it, a set-up
that shows it and a sound one that looks like it. To add one, write its file and name it here."""

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from unstuck.causes.cause import Cause

# Faults of the loop itself, seen while a script runs: no look at a set-up shows them.
LOOP = (
    "layers-not-registered",
    "optimizer-of-another-model",
    "loss-detached",
    "backward-missing",
    "step-before-backward",
    "gradients-not-zeroed",
    "evaluation-mode",
    "training-mode",
    "schedule-per-batch",
    "updates-discarded",
)
# Only trials tell of these, as parts of a repair.
TRIED = (
    "optimizer-unsuited",
    "training-short",
    "batch-large",
    "regularization-strong",
    "capacity-small",
    "hidden-activation",
    "statistics-lag",
)
# In the order of the chain: an earlier one accounts for what follows from it.
NAMES = (
    *LOOP,
    "non-finite-data",
    "non-finite-weights",
    "non-finite-loss",
    "loss-negated",
    "uphill-steps",
    "constant-input",
    "examples-mixed",
    "id-fractions",
    "padding-behind",
    "target-shape",
    "outputs-few",
    "label-coding",
    "loss-mismatch",
    "target-range",
    "frozen-parameters",
    "not-shuffled",
    "split-by-class",
    "split-mismatch",
    "input-outliers",
    "feature-scales",
    "input-offset",
    "input-spread",
    "input-too-small",
    "target-scale",
    "loss-clipping",
    "initialization",
    "saturation",
    "dead-units",
    "epsilon-zero",
    "learning-rate-high",
    "optimizer-epsilon",
    "learning-rate-low",
    *TRIED,
)


@cache
def load(name: str) -> "Cause":
    """The cause of this name."""
    cause: Cause = import_module(f"unstuck.causes.{name.replace('-', '_')}").CAUSE
    return cause


def causes() -> "tuple[Cause, ...]":
    """All causes, in the order of the chain."""
    return tuple(load(name) for name in NAMES)
