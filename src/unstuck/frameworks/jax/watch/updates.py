"""How a step changes parameters: an optimizer of optax, or gradient descent that is written out."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from unstuck.watching import descent


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
    old, slope, moved = map(jax.tree.leaves, (params, gradient, new))
    rate = descent.rate(old, slope, moved)
    return None if rate is None else Update(None, rate)


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
