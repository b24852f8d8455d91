"""The trials of a proof, arm by arm."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unstuck.proofs.board import CONFIRM
from unstuck.records.proof import Proof, Trial

PLACEBO = ("placebo",)


@dataclass(frozen=True)
class Group:
    """The trials of one arm, of equal length.

    Args:
        changes: names; () for the set-up as it is.
        says: the same in words.
        trials: one a seed, in their order.
    """

    changes: tuple[str, ...]
    says: str
    trials: tuple[Trial, ...]

    @property
    def skill(self) -> float:
        """The median."""
        return float(np.median([t.skill for t in self.trials]))

    @property
    def broken(self) -> int:
        """The step at which the first of its losses was not finite; 0 if none was."""
        ends = [t.losses[-1][0] for t in self.trials if not t.finite and t.losses]
        return min(ends, default=0)


def repair(proof: Proof) -> tuple[str, ...]:
    """The repair's changes by name; () without one."""
    return () if proof.repair is None else tuple(part.change for part in proof.repair.parts)


def groups(proof: Proof) -> list[Group]:
    """Every arm in the longest trials that the set-up as it is had, the best first; no placebo."""
    own = [t.steps for t in proof.trials if not t.changes]
    longest = max(own, default=0)
    made: dict[tuple[str, ...], dict[int, Trial]] = {}
    for trial in proof.trials:
        if trial.steps == longest and trial.changes != PLACEBO:
            made.setdefault(trial.changes, {}).setdefault(trial.seed, trial)
    return sorted((_group(trials) for trials in made.values()), key=lambda g: -g.skill)


def of(found: Sequence[Group], changes: tuple[str, ...]) -> Group | None:
    """The arm with these changes, whatever their order."""
    return next((g for g in found if set(g.changes) == set(changes)), None)


def pairs(proof: Proof, changes: tuple[str, ...], count: int) -> tuple[Group, Group] | None:
    """(as it is, with the changes) on the first so many fresh seeds that both have; None where
    there are none."""
    made = [
        {t.seed: t for t in reversed(proof.trials) if set(t.changes) == set(wanted)}
        for wanted in ((), changes)
    ]
    steps = max((t.steps for t in made[0].values()), default=0)
    both = sorted(
        seed
        for seed in made[0].keys() & made[1].keys()
        if seed >= CONFIRM and all(side[seed].steps == steps for side in made)
    )[:count]
    if not both:
        return None
    before, after = (_group({seed: side[seed] for seed in both}) for side in made)
    return before, after


def _group(trials: dict[int, Trial]) -> Group:
    first = trials[min(trials)]
    return Group(first.changes, first.says, tuple(t for _, t in sorted(trials.items())))
