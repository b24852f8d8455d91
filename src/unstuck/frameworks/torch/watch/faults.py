"""Faults of a loop itself, told from what its follower saw. Each is said only where every step
that was seen agrees, and where no usual way of training looks alike."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from unstuck.frameworks.torch.watch.follower import FIRST, Follower
from unstuck.records.training import Sighting
from unstuck.watching.sightings import sighting
from unstuck.watching.sweeps import SURE

GONE = 0.01  # of the highest rate: no usual schedule spends half of the training below it
EPOCHS = 3  # within these a schedule meant for epochs does not end


def sightings(seen: Follower) -> Iterator[Sighting]:
    """Faults of the steps seen so far."""
    if seen.never_zeroed:
        yield never_zeroed(seen.most_carried)
    if seen.is_left_evaluating:
        when = "from the first step on" if seen.began_evaluating else "after an evaluation"
        yield sighting(
            "evaluation-mode",
            seen.evaluated,
            "0",
            "steps in evaluation mode",
            f"the model trains in evaluation mode {when}: {seen.evaluated:,} of"
            f" {seen.steps:,} steps",
        )
    gone = _gone(seen)
    if gone is not None:
        step, rates = gone
        yield sighting(
            "schedule-per-batch",
            min(rates) / max(rates),
            "1 % or more while it trains",
            "share of the learning rate that is left",
            f"the schedule moves with each batch: after {step:,} steps, {step / seen.epoch:.2g}"
            f" epochs, less than 1 % of the learning rate {max(rates):g} was left",
        )


def _gone(seen: Follower) -> tuple[int, list[float]] | None:
    """The step from which on the rate was gone for good, and all rates; None if it was not."""
    rates = [rate for _, rate in seen.rates]
    if seen.epoch <= 1 or len(rates) < 2 or seen.steps < 2 * SURE:
        return None
    bound = GONE * max(rates)
    if rates[-1] > bound:
        return None
    last = max(i for i, rate in enumerate(rates) if rate > bound)
    begins = seen.rates[last + 1][0]
    early = begins <= EPOCHS * seen.epoch and 2 * begins <= seen.steps
    within = any(b - a < seen.epoch for (a, _), (b, _) in pairwise(seen.rates))
    return (begins, rates) if early and within else None


def without_gradient(seen: Follower, reached: list[Any], belong: set[int]) -> Sighting | None:
    """Why none of the first steps had a gradient to use.

    Args:
        reached: parameters that the losses of these steps depend on.
        belong: ids of all parameters that some optimizer holds.
    """
    if seen.empty < FIRST or seen.steps < FIRST:
        return None
    evidence = f"of the first {FIRST} steps, without any gradient"
    if any(id(p) in seen.held for p in reached):
        if not seen.reached:
            return None  # the network itself gives none, as where all its units are dead
        return sighting(
            "step-before-backward",
            seen.empty,
            "0",
            evidence,
            "the gradients are set to zero between backward() and step(): 0 of the first steps"
            " had any",
        )
    if reached and not any(id(p) in belong for p in reached):
        return sighting(
            "optimizer-of-another-model",
            len(reached),
            "0",
            "parameters that the loss depends on and that no optimizer holds",
            f"the loss depends on {len(reached)} parameters, and the optimizer holds none of them:"
            " it was made for another model",
        )
    if not reached:
        return sighting(
            "loss-detached",
            seen.empty,
            "0",
            evidence,
            "the loss that is differentiated depends on 0 parameters: it was detached from the"
            " model's output on its way",
        )
    return None


def never_zeroed(steps: int) -> Sighting:
    """Gradients are added up from step to step."""
    return sighting(
        "gradients-not-zeroed",
        steps,
        "0",
        "steps in a row that add to the gradients of the step before",
        f"gradients are not set to zero: {steps} steps in a row used those of all steps before as"
        " well",
    )


def never_differentiated(steps: int) -> Sighting:
    """Steps were taken after losses, and none of these was differentiated."""
    return sighting(
        "backward-missing",
        steps,
        "0",
        "first steps before which no loss was differentiated",
        f"the optimizer steps, and backward() is never called: in {steps} steps no parameter has"
        " had a gradient",
    )


def cut_off(count: int, held: int) -> Sighting:
    """Parameters that an optimizer holds, from which the loss was detached on its way."""
    return sighting(
        "loss-detached",
        count,
        "0",
        "parameters that the loss would depend on, were nothing detached on its way",
        f"{count} of the {held} parameters that the optimizer holds get no gradient: what their"
        " layers give is detached on its way to the loss",
    )


def made_anew(held: int) -> Sighting:
    """What is differentiated is a number made of the loss, and not the loss."""
    return sighting(
        "loss-detached",
        held,
        "0",
        "parameters that the loss depends on, and what is differentiated does not",
        "the loss that is differentiated depends on 0 parameters: it was made anew of a number, the"
        f" loss, which depends on {held}",
    )


def not_registered(missing: int, held: int) -> Sighting:
    """Parameters that the loss depends on, that no module lists and no optimizer holds."""
    return sighting(
        "layers-not-registered",
        missing,
        "0",
        "parameters that the loss depends on and no module lists",
        f"{missing} parameters that the loss depends on are in no model.parameters(), so that the"
        f" optimizer, which holds {held}, never changes them",
    )
