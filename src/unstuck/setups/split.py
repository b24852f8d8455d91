"""The examples a trial trains on and those it is judged by."""

import numpy as np

from unstuck.changes.data import Data, finite_rows
from unstuck.setups.subject import Sample

HELD_OUT = 0.25  # of the examples, where no validation data were given
WHOLE = 64  # examples at most of which it is asked whether they are the whole function


def split(sample: Sample) -> Data:
    """The sample's training and held-out examples; without validation data a quarter is held out.

    The quarter is drawn at random with a seed of its own, the same for every trial. Where the
    examples are the whole function, all of them are both.
    """
    assert sample.y is not None
    if is_whole(sample):
        note = "the training examples: they are the whole function"
        return Data(sample.x, sample.y, sample.x, sample.y, tuple(sample.kinds), note=note)
    if sample.x_validation is not None and sample.y_validation is not None:
        note = "validation data"
        x, y = sample.x, sample.y
        x_held, y_held = sample.x_validation, sample.y_validation
    else:
        n = len(sample.y)
        order = np.random.default_rng(0).permutation(n)
        good = finite_rows((*sample.x, sample.y))
        order = np.concatenate([order[good[order]], order[~good[order]]])  # faults stay in training
        cut = max(1, round(HELD_OUT * n))
        held, kept = np.sort(order[:cut]), np.sort(order[cut:])
        note = "held out at random"
        x, y = tuple(a[kept] for a in sample.x), sample.y[kept]
        x_held, y_held = tuple(a[held] for a in sample.x), sample.y[held]
    sound = finite_rows((*x_held, y_held))
    if not sound.all() and sound.any():  # what cannot be predicted from is not judged by
        x_held, y_held = tuple(a[sound] for a in x_held), y_held[sound]
    return Data(x, y, x_held, y_held, tuple(sample.kinds), note=note)


def is_whole(sample: Sample) -> bool:
    """Whether every combination of the inputs' values is there: XOR's four rows are all there is
    to learn, and none can be held out."""
    if len(sample.x) != 1 or sample.x[0].ndim != 2 or sample.kinds != ("values",):
        return False
    x = sample.x[0]
    if not 2 <= len(x) <= WHOLE or not np.isfinite(x).all():
        return False
    sizes = [len(np.unique(column)) for column in x.T]
    return len(np.unique(x, axis=0)) == int(np.prod(sizes)) and max(sizes) < len(x)
