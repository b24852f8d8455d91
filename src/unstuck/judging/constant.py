"""Knowing nothing: the constant output that is best under the script's own loss, fitted."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from unstuck.setups.subject import About, Floats

OwnLoss = Callable[[Floats, NDArray[np.generic]], float]

ROWS = 1_024  # targets it is fitted to, at most
ROUNDS = 2  # over outputs, each refined with the others as they are
LEVELS = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)  # quantiles it is looked for between


def best_constant(
    about: About, y: NDArray[np.generic], outputs: int, own: OwnLoss
) -> NDArray[np.float64] | None:
    """(k,) the output that, given for every example, has the smallest mean loss.

    For classes the candidates are their frequencies, as probabilities, their logarithms (what a
    loss on logits and one on log-probabilities take), and their log-odds; for numbers the mean,
    the median and other quantiles, between which each output is looked for by golden section.

    Args:
        y: (n, …) targets as the loss gets them.
        own: (output (n, k), targets) ↦ mean loss; NaN where it cannot be told.

    Returns:
        None where the loss cannot be computed from outputs alone.
    """
    y = y[:: -(-len(y) // ROWS)]
    at = positions(about, y, outputs)

    def loss(constant: NDArray[np.float64]) -> float:
        with np.errstate(all="ignore"):
            value = own(np.tile(constant, (len(y) * at, 1)), y)
        return value if np.isfinite(value) else np.inf

    found = min(
        ((loss(c), i, c) for i, c in enumerate(_candidates(y.reshape(len(y) * at, -1), outputs))),
        default=None,
    )
    if found is None or not np.isfinite(found[0]):
        return None
    best = found[2]
    if outputs == 1 and y.size == len(y):
        return np.array([_refined(lambda v: loss(np.array([v])), float(best[0]), y)])
    return _several(loss, best, y) if _is_one_number(y, outputs) else best


def _several(
    loss: Callable[[NDArray[np.float64]], float], best: NDArray[np.float64], y: NDArray[np.generic]
) -> NDArray[np.float64]:
    """Each output on its own, with the others as they are."""
    values = np.quantile(y.astype(np.float64), LEVELS)
    for _ in range(ROUNDS):
        for k in range(len(best)):

            def of(value: float, k: int = k, best: NDArray[np.float64] = best) -> float:
                return loss(_with(best, k, value))

            near = min((float(v) for v in (best[k], *values)), key=of)
            best = _with(best, k, _refined(of, near, y))
    return best


def _is_one_number(y: NDArray[np.generic], outputs: int) -> bool:
    """Whether targets are one number each, and no class, though there are several outputs."""
    flat = y.ravel().astype(np.float64)
    classes = bool(((flat == np.round(flat)) & (flat >= 0) & (flat < outputs)).all())
    return y.size == len(y) and outputs > 1 and not classes


def _with(constant: NDArray[np.float64], k: int, value: float) -> NDArray[np.float64]:
    changed = constant.copy()
    changed[k] = value
    return changed


def positions(about: About, y: NDArray[np.generic], outputs: int) -> int:
    """Targets an example has: several where there is one at every position of a sequence or image.

    Args:
        y: (n, …) targets as the loss gets them.
        outputs: of the network, at one position.
    """
    if not len(y):
        return 1
    if about.loss.targets == "ids" and outputs > 1:
        return max(1, y.size // len(y)) if y.dtype.kind in "iu" else 1
    whole, rest = divmod(y.size, len(y) * outputs)
    return whole if whole and not rest else 1


def _candidates(y: NDArray[np.generic], outputs: int) -> list[NDArray[np.float64]]:
    flat = y.reshape(len(y), -1).astype(np.float64)
    flat = flat[np.isfinite(flat).all(axis=1)]
    if not len(flat):
        return []
    made = []
    if flat.shape[1] == outputs:
        made.append(flat.mean(axis=0))
        made += [np.quantile(flat, level, axis=0) for level in LEVELS]
    if _is_one_number(flat, outputs):  # several answers to one question, as quantiles are
        made += [np.full(outputs, value) for value in (flat.mean(), *np.quantile(flat, LEVELS))]
    ids = flat[:, 0]
    if flat.shape[1] == 1 and outputs > 1 and (ids == np.round(ids)).all():
        inside = ids[(ids >= 0) & (ids < outputs)].astype(int)
        if len(inside):
            made.append(np.bincount(inside, minlength=outputs) / len(inside))
    for shares in [m for m in made if (m >= 0).all() and (m <= 1).all()]:
        safe = np.clip(shares, 1e-7, 1 - 1e-7)
        made += [np.log(safe), np.log(safe / (1 - safe))]
    return made


def _refined(loss: Callable[[float], float], best: float, y: NDArray[np.generic]) -> float:
    """The minimum between the neighbours of the best of the quantiles."""
    from scipy.optimize import minimize_scalar

    flat = y.ravel().astype(np.float64)
    flat = flat[np.isfinite(flat)]
    stops = np.unique([*np.quantile(flat, LEVELS), flat.mean(), flat.min(), flat.max()])
    inside = [(a, b) for a, b in pairwise(stops) if a <= best <= b]
    if not inside:
        return best
    low, high = min(a for a, _ in inside), max(b for _, b in inside)
    found = float(minimize_scalar(loss, bounds=(low, high), method="bounded").x)
    return found if loss(found) < loss(best) else best
