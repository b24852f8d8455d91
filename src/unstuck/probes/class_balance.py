"""How the classes are represented."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def classes(look: Look) -> Measured:
    """Number of different classes in the sample."""
    return None if look.labels is None else len(np.unique(look.labels))


def largest_class(look: Look) -> Measured:
    """Share of the sample in its largest class: the accuracy of always answering that."""
    if look.labels is None or not len(look.labels):
        return None
    return float(np.unique(look.labels, return_counts=True)[1].max() / len(look.labels))


PROBES = (
    Probe("classes", "classes", classes),
    Probe("largest_class", "share", largest_class),
)
