"""How a step changes parameters: an optimizer of optax, or gradient descent that is written out."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

# Coordinates of a first step that go against the gradient: all of gradient descent's, momentum's
# and Adam's, half of those of anything unrelated.
DOWNHILL = 0.9


@dataclass(frozen=True, eq=False)
class Update:
    """How parameters are changed by a step.

    Args:
        optimizer: of optax; None for one that is written out.
        rate: of gradient descent that is; 0 for anything else.
    """

    optimizer: Any
    rate: float = 0.0


def by_hand(params: Any, gradient: Any, after: Any) -> Update | None:
    """An update that is written out: parameters less a rate times the gradient, or another step
    downhill.

    Args:
        params, gradient: of a step.
        after: parameters after it, or whatever a step returns, with them among it.

    Returns:
        None where it is nothing of the kind, as of inputs that are differentiated for their own
        sake.
    """
    new = _alike(params, gradient, after)
    if new is None:
        return None
    old, slope, moved = (
        np.concatenate([np.ravel(np.asarray(a, np.float64)) for a in jax.tree.leaves(tree)])
        for tree in (params, gradient, new)
    )
    large = np.abs(slope) > 1e-3 * np.abs(slope).max(initial=0)
    if not large.any():
        return None
    downhill = np.sign(old - moved)[large] == np.sign(slope[large])
    if downhill.mean() < DOWNHILL:
        return None
    rate = float(np.median((old - moved)[large] / slope[large]))
    # float32 keeps seven digits of the parameters, of which the step is a small part
    rounding = 1e-6 * np.abs(old).max() + 1e-3 * abs(rate) * np.abs(slope).max()
    if not rate > 0 or not np.allclose(old - rate * slope, moved, rtol=0, atol=rounding):
        return Update(None, 0.0)
    return Update(None, rate)


def _alike(params: Any, gradient: Any, after: Any) -> Any:
    """What among something has the structure and shapes of the parameters, and is no gradient."""
    wanted = _form(params)
    gradients = {id(leaf) for leaf in jax.tree.leaves(gradient)}
    several = after if isinstance(after, tuple | list) else ()
    for one in (after, *several):
        if _form(one) == wanted and not any(id(a) in gradients for a in jax.tree.leaves(one)):
            return one
    return None


def _form(tree: Any) -> Any:
    leaves, structure = jax.tree.flatten(tree)
    return structure, [np.shape(leaf) for leaf in leaves]
