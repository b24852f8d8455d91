"""Values far outside the bulk of their feature."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def ratio(look: Look) -> Measured:
    """Largest over features of max |x − median| / 99th percentile of |x − median|.

    Taken over the values of all features that share a scale: features are first divided by their
    99th percentile, or, where that is 0 (sparse ones), by that of all features. A normal feature
    has about 1.4, a log-normal one about 4; one wild value in a thousand shows in full.
    Source: Tukey 1977, letter values, for judging tails by quantiles.
    """
    x = look.features
    if len(x) < 200 or not x.size:  # fewer have no 99th percentile apart from their largest
        return None
    distance = np.abs(x - look.medians)
    bulk = np.percentile(distance, 99, axis=0)
    sparse = bulk == 0
    if sparse.any():
        some = distance[distance > 0]
        if not some.size:
            return None
        bulk[sparse] = np.percentile(some, 99)
    return float((distance.max(axis=0) / np.maximum(bulk, 1e-300)).max())


PROBES = (Probe("outlier_ratio", "ratio", ratio),)
