"""What the output's numbers are: probabilities, their logarithms, or any values."""

import numpy as np

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def kind(look: Look) -> Measured:
    """ "probabilities" (0 to 1, and summing to 1 where there are several, unless a sigmoid makes
    them), "log-probabilities" (whose exponentials sum to 1) or "values", told from the numbers."""
    output = look.seen.output.astype(np.float64)
    if not output.size or not np.isfinite(output).all():
        return None
    several = output.shape[1] > 1
    if output.min() >= -1e-6 and output.max() <= 1 + 1e-6:
        summed = several and np.allclose(output.sum(axis=1), 1.0, atol=1e-3)
        bounded = look.about.output_activation in ("sigmoid", "hard_sigmoid", "softmax", "unknown")
        return "probabilities" if summed or bounded else "values"
    if several and output.max() <= 1e-3:
        # A clamp at ε takes up to K·ε from the sum; a sum far from 1 is no distribution.
        sums = np.exp(output).sum(axis=1)
        return "log-probabilities" if np.allclose(sums, 1.0, atol=1e-2) else "values"
    return "values"


PROBES = (Probe("output_kind", "name", kind),)
