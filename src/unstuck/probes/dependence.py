"""Whether an example's output depends on the other examples of its batch."""

from unstuck.probes.look import Look, Measured
from unstuck.probes.probe import Probe


def dependence(look: Look) -> Measured:
    """Largest change of an example's output when others share its batch, in evaluation mode, over
    the largest output: 0, to rounding, where each example is treated on its own.

    See `setups.dependence`.
    """
    return look.seen.dependence


PROBES = (Probe("batch_dependence", "×", dependence),)
