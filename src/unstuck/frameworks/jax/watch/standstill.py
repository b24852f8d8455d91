"""Whether parameters stay as they are from step to step: updates are computed for them and thrown
away, or their loss does not depend on them."""

from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from unstuck.records.training import Sighting
from unstuck.watching.sightings import sighting

SURE = 8  # steps


class Standstill:
    """Follows one array of a step's parameters.

    Args:
        params, gradient: of the first step.
        given: what the step was called with; the parameters are among it.
    """

    def __init__(self, params: Any, gradient: Any, given: Any) -> None:
        self._place, self._first = _followed(params, gradient, given)
        self._same = 0

    @property
    def is_open(self) -> bool:
        """Whether more steps may tell."""
        return self._first is not None

    def sees(self, given: Any) -> Sighting | None:
        """What one more step was called with; the fault once it is certain."""
        if self._first is None:
            return None
        leaves = jax.tree.leaves(given)
        value = leaves[self._place] if self._place < len(leaves) else None
        if value is None or not np.array_equal(np.asarray(value), self._first):
            self._first = None
            return None
        self._same += 1
        if self._same < SURE:
            return None
        self._first = None
        what = "steps in a row whose parameters are those of the first"
        return sighting(
            "updates-discarded",
            SURE,
            "0",
            what,
            f"updates are computed and thrown away: after {SURE} steps the parameters are those of"
            " the first",
        )


def _followed(params: Any, gradient: Any, given: Any) -> tuple[int, NDArray[Any] | None]:
    """The smallest array with a gradient: its place in what a step is called with, its values."""
    leaves = jax.tree.leaves(given)
    places = {id(leaf): i for i, leaf in enumerate(leaves)}
    pairs = zip(jax.tree.leaves(params), jax.tree.leaves(gradient), strict=False)
    moved = [p for p, g in pairs if id(p) in places and np.any(np.asarray(g))]
    if not moved:
        return 0, None
    least = min(moved, key=np.size)
    return places[id(least)], np.array(least)


def independent(count: int) -> Sighting:
    """A loss that does not depend on the arrays it is differentiated with respect to."""
    what = "arrays of parameters that the loss does not depend on"
    return sighting(
        "loss-detached",
        count,
        "0",
        what,
        f"the loss that is differentiated depends on 0 of its {count} arrays of parameters: it is"
        " not computed from what the model gives",
    )
