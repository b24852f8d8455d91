"""Whether trials as it is do what the script was seen to do: an experiment that does not
reproduce the script proves nothing."""

from collections.abc import Sequence
from math import isfinite

import numpy as np

from unstuck.records.proof import Agreement, Point
from unstuck.records.training import Witness
from unstuck.watching.losses import BEYOND

FEW = 2  # points that are compared, at least
TOLERANCE = 0.15  # of the loss of knowing nothing, or of the losses themselves where these are
# more: other seeds, other examples of the sample, moving averages that frameworks report as means
FAR, FACTOR = 1 + TOLERANCE, 3.0  # times the loss of knowing nothing, beyond which a loss says that
# nothing is learned, and moves by factors with start and seed: how many times the other it may be
NEAR = 0.01  # of the loss before training: where knowing nothing has no loss, below it is the same
FITTED = 0.5  # of the loss of knowing nothing, below which trials have learned for certain
BETWEEN = (
    "the same model learns these rows with these targets, so look at what the script does between"
    " them: which rows meet which targets (two loaders that shuffle apart?), what is done to them"
    " on the way, or to the weights"
)
CONFIDENCE = 0.99  # of the interval that one more run falls into, given those of other seeds
SEEDS = 5  # with so many it is final


def agreement(
    witness: Witness | None,
    curves: Sequence[Sequence[Point]],
    batches: int,
    fresh: int,
) -> Agreement:
    """Compares the losses of the script with those of trials as it is, step by step.

    Args:
        witness: what was seen of the script; None for nothing.
        curves: (step, loss) of trials with seeds of their own.
        batches: steps of one of the script's epochs.
        fresh: steps of a trial until it has seen its own, smaller sample twice: from then on it
            fits what the script, with more examples, need not.
    """
    if witness is None or witness.meaningless or not witness.losses or not curves:
        return Agreement(None, "the script's losses were not seen")
    ends = witness.broken or _blown_up(witness.losses[-1:], witness.losses, witness)
    if ends and np.mean([_blown_up(c, c, witness) for c in curves]) > 0.5:
        what = "stops being finite" if witness.broken else "grows beyond all bounds"
        told = f"the loss {what} in the script, and grows beyond all bounds in trials"
        return Agreement(True, told, tuple(witness.losses), tuple(tuple(c) for c in curves))
    scale = batches if witness.unit == "epoch" else 1
    script = tuple((step * scale, loss) for step, loss in witness.losses)
    trials = tuple(tuple(curve) for curve in curves)
    until = min(fresh, script[-1][0], min(c[-1][0] for c in trials if c))
    pairs = _paired(script, trials, until)
    if len(pairs) < FEW:
        return Agreement(None, "too few losses to compare", script, trials)
    off = []
    for seen, of_trials in pairs:
        middle = float(np.mean(of_trials))
        allowed = _spread(of_trials) + TOLERANCE * _size(witness, seen, middle)
        alike = _both_far(witness, seen, middle) or _both_near(witness, seen, middle)
        off.append(alike or abs(seen - middle) <= allowed)
    share = float(np.mean(off))
    last_seen, last = pairs[-1]
    told = f"loss {last_seen:.3g} in the script, {np.median(last):.3g} in trials as it is"
    if share >= 0.5 and off[-1]:
        return Agreement(True, told, script, trials)
    if _learn_alone(witness, last_seen, last):
        told = f"{told}; {BETWEEN}"
    return Agreement(False, f"the trials don't do what the script does: {told}", script, trials)


def of_one(
    witness: Witness | None, curves: Sequence[Sequence[Point]], batches: int, fresh: int
) -> Agreement | None:
    """The same where seeds end in different places, as with a start that leaves all units dead:
    whether some of the trials, each by itself, do what the script does; None for none."""
    found = [a for c in curves if (a := agreement(witness, [c], batches, fresh)).agrees]
    if not found:
        return None
    told = f"{found[0].says}, as with {len(found)} of {len(curves)} seeds"
    return Agreement(True, told, found[0].script, tuple(map(tuple, curves)), len(found))


def _learn_alone(witness: Witness, seen: float, of_trials: Sequence[float]) -> bool:
    """Whether trials learn well where the script is left with the loss of knowing nothing."""
    nothing = witness.nothing
    known = isfinite(nothing) and nothing > 0
    return known and seen > (1 - TOLERANCE) * nothing and max(of_trials) < FITTED * nothing


def _blown_up(points: Sequence[Point], curve: Sequence[Point], witness: Witness) -> bool:
    """Whether some points of a curve are where no script's loss comes back from, but with units
    that no longer answer to anything."""
    if not curve:
        return False
    size = witness.nothing if isfinite(witness.nothing) else curve[0][1]
    bound = BEYOND * max(abs(size), abs(curve[0][1]))
    return any(not isfinite(loss) or abs(loss) > bound for _, loss in points)


def _spread(values: Sequence[float]) -> float:
    """How far one more run may fall from the mean of these: t·s·√(1 + 1/n) (Hahn & Meeker 1991,
    section 4.7); 0 for one."""
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return 0.0
    quantile = float(t.ppf(0.5 + CONFIDENCE / 2, n - 1))
    return quantile * float(np.std(values, ddof=1)) * float(np.sqrt(1 + 1 / n))


def _both_far(witness: Witness, seen: float, middle: float) -> bool:
    """Whether both are far above knowing nothing, by much the same."""
    low, high = sorted((seen, middle))
    return isfinite(witness.nothing) and low > FAR * witness.nothing and high <= FACTOR * low


def _both_near(witness: Witness, seen: float, middle: float) -> bool:
    """Whether both have come down to next to nothing of what they began with, where that alone is
    known."""
    known = not isfinite(witness.nothing) and isfinite(witness.start)
    return known and max(abs(seen), abs(middle)) < NEAR * abs(witness.start)


def _size(witness: Witness, seen: float, middle: float) -> float:
    sizes = [abs(seen), abs(middle)]
    return max([*sizes, abs(witness.nothing)] if isfinite(witness.nothing) else sizes)


def _paired(
    script: Sequence[Point], trials: Sequence[Sequence[Point]], until: int
) -> list[tuple[float, list[float]]]:
    """The script's losses beside the trials' at the same steps, means over the same stretches."""
    made = []
    begin = 0
    for step, loss in script:
        if step > until:
            break
        of_trials = [m for curve in trials if (m := _mean(curve, begin, step)) is not None]
        if of_trials and isfinite(loss):
            made.append((loss, of_trials))
        begin = step
    return made


def _mean(curve: Sequence[Point], begin: int, end: int) -> float | None:
    """Of a curve's points that end in (begin, end]; of the next one where none does."""
    inside = [loss for step, loss in curve if begin < step <= end and isfinite(loss)]
    if inside:
        return float(np.mean(inside))
    after = [loss for step, loss in curve if step > end and isfinite(loss)]
    return after[0] if after else None
